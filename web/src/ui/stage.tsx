import type { Stage } from '../api'
import { stageMeaning, stageWord } from '../words'
import { TrafficTime } from './when'

const steps: Stage[] = ['no-baseline', 'learning', 'watching']

// StageLine shows how far learning has come. Paused stands beside the steps: it
// is a break, not a step.
export function StageLine({ stage, since, until }: { stage: Stage; since?: string; until?: string }) {
  const at = steps.indexOf(stage)
  return (
    <div className="stage">
      <ol className="stage-steps" aria-label="Stages of learning">
        {steps.map((s, i) => (
          <li key={s} className={i < at ? 'past' : i === at ? 'here' : ''} aria-current={i === at ? 'step' : undefined}>
            {stageWord[s]}
          </li>
        ))}
        {(stage === 'paused' || stage === 'unknown') && (
          <li className="here odd" aria-current="step">
            {stageWord[stage]}
          </li>
        )}
      </ol>
      <p>{stageMeaning[stage] ?? ''}</p>
      {(since || until) && (
        <p className="stage-times">
          {since && (
            <span>
              since <TrafficTime time={since} />
            </span>
          )}
          {until && (
            <span>
              until <TrafficTime time={until} />
            </span>
          )}
        </p>
      )}
    </div>
  )
}

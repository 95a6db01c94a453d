import { Button, Modal } from '@mantine/core'
import { useMemo, useState, type Ref } from 'react'
import type { Session, SimScenario, Simulation } from '../api'
import { Icon } from '../glyphs'
import { useBegin } from '../queries'
import { usePlace } from '../router'
import { TextFilter, ToggleFilter } from '../ui/filter'
import { Tag } from '../ui/marks'
import { classes, classMeaning, classWord } from '../words'

interface Props {
  data: Simulation
  session: Session
  begun: () => void
  ref: Ref<HTMLElement>
}

// ScenariosPanel lists what can be played in the simulated plant.
export function ScenariosPanel({ data, session, begun, ref }: Props) {
  const { search } = usePlace()
  const wanted = (search.get('class') ?? '').split(',').filter(Boolean)
  const text = (search.get('q') ?? '').toLowerCase()
  const [asked, setAsked] = useState<SimScenario | null>(null)
  const all = data.scenarios
  const shown = useMemo(() => (all ?? []).filter((s) => (wanted.length === 0 || wanted.includes(s.class)) && matches(s, text)), [all, wanted.join(), text])
  const running = useMemo(() => new Set((data.acts ?? []).filter((a) => !a.ended).map((a) => a.scenario)), [data.acts])
  return (
    <section className="panel scenarios" aria-labelledby="scenarios" ref={ref} tabIndex={-1}>
      <div className="scenarios-head">
        <h2 id="scenarios">Scenarios</h2>
        <div className="filters">
          <ToggleFilter name="class" label="Class" choices={classes.map((c) => ({ value: c, label: classWord[c] }))} />
          <TextFilter label="Filter scenarios by text" placeholder="Words, technique" />
        </div>
      </div>
      {!session.may_acknowledge && (
        <p className="hint">
          Looking is open on this machine. To start a scenario, open the one-time link that firedoor printed where it was started; it makes this browser
          yours. <code>firedoor link</code> there prints a new one.
        </p>
      )}
      {shown.length === 0 && <p className="quiet">{(all ?? []).length === 0 ? 'No scenario is known here.' : 'No scenario matches. Take a filter away to see more.'}</p>}
      {classes.map((c) => {
        const list = shown.filter((s) => s.class === c)
        return (
          list.length > 0 && (
            <div key={c} className="scenario-group">
              <h3>
                {classWord[c]} <span className="dim">{classMeaning[c]}</span>
              </h3>
              <ul>
                {list.map((s) => (
                  <Scenario key={s.name} scenario={s} running={running.has(s.name)} start={session.may_acknowledge ? () => setAsked(s) : undefined} />
                ))}
              </ul>
            </div>
          )
        )
      })}
      <Ask scenario={asked} onClose={() => setAsked(null)} begun={begun} />
    </section>
  )
}

function matches(s: SimScenario, text: string): boolean {
  if (!text) return true
  const all = [s.name, s.title, s.words, ...(s.techniques_named ?? []).flatMap((t) => [t.id, t.name])].join(' ').toLowerCase()
  return text.split(/\s+/).every((word) => all.includes(word))
}

function Scenario({ scenario: s, running, start }: { scenario: SimScenario; running: boolean; start?: () => void }) {
  const techniques = s.techniques_named ?? []
  return (
    <li className="scenario">
      <div>
        <h4>
          {s.title} {running && <Tag>under way</Tag>}
        </h4>
        <p>{s.words}</p>
        <p className="scenario-foot">
          {s.lasts && <span>Lasts {s.lasts}</span>}
          {techniques.map((t) => (
            <span key={t.id}>
              <span className="num">{t.id}</span> {t.name}
            </span>
          ))}
        </p>
      </div>
      {start && (
        <Button variant="default" size="xs" onClick={start} leftSection={<Icon name="play" size={13} />} aria-label={`Start: ${s.title}`}>
          Start
        </Button>
      )}
    </li>
  )
}

// Ask asks once before something is played, and says what it will do.
function Ask({ scenario, onClose, begun }: { scenario: SimScenario | null; onClose: () => void; begun: () => void }) {
  const begin = useBegin()
  const close = () => {
    begin.reset()
    onClose()
  }
  const start = () => {
    if (!scenario) return
    begin.mutate(scenario.name, {
      onSuccess: () => {
        close()
        setTimeout(begun, 250) // past the moment in which the dialog gives the focus back
      },
    })
  }
  return (
    <Modal
      opened={scenario !== null}
      onClose={close}
      title={scenario?.class === 'malicious' ? 'Start this attack in the simulated plant?' : 'Start this in the simulated plant?'}
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="md"
      centered
    >
      {scenario && (
        <div className="ask">
          <p>
            <strong>{scenario.title}</strong>
          </p>
          <p>{scenario.words}</p>
          <p className="dim">
            {scenario.lasts && `It lasts ${scenario.lasts} and cannot be called back. `}
            Nothing outside the simulation is touched.
          </p>
          {begin.error && (
            <p className="problem" role="alert">
              Not started: {begin.error.message}
            </p>
          )}
          <div className="ask-buttons">
            <Button onClick={start} loading={begin.isPending} leftSection={<Icon name="play" size={14} />} data-autofocus>
              Start it
            </Button>
            <Button variant="default" onClick={close}>
              Not now
            </Button>
          </div>
        </div>
      )}
    </Modal>
  )
}

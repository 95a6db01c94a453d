import type { DoorWord, Severity, SeverityCounts } from '../api'
import { useJudged } from '../queries'
import { severities, severityWord } from '../words'

// A severity has a shape, a word and a colour: never the colour alone.

const shapes: Record<Severity, { d: string; sign: string }> = {
  high: { d: 'M12 1.500L22.500 12 12 22.500 1.500 12z', sign: 'M12 7v6M12 16.300v.4' },
  medium: { d: 'M12 2.500L22.500 21.500h-21z', sign: 'M12 9.500v5.500M12 17.800v.4' },
  low: { d: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18', sign: 'M12 7.500v5M12 16v.4' },
  info: { d: 'M4 4h16v16H4z', sign: 'M12 11v5.500M12 7.500v.4' },
}

export function SeverityMark({ severity, done = false, size = 18 }: { severity: Severity; done?: boolean; size?: number }) {
  const { d, sign } = shapes[severity]
  return (
    <svg className={`mark ${severity}${done ? ' done' : ''}`} viewBox="0 0 24 24" style={{ width: `${size / 16}rem`, height: `${size / 16}rem` }} aria-hidden="true">
      <path className="mark-shape" d={d} />
      <path className="mark-sign" d={sign} />
    </svg>
  )
}

export function SeverityLabel({ severity, done = false }: { severity: Severity; done?: boolean }) {
  return (
    <span className="severity">
      <SeverityMark severity={severity} done={done} />
      <span>{severityWord[severity]}</span>
    </span>
  )
}

// OpenAlerts shows how many alerts of each severity are open; a dash for none.
export function OpenAlerts({ counts }: { counts: SeverityCounts }) {
  const open = severities.filter((s) => counts[s] > 0)
  if (open.length === 0) return <span className="dim" aria-label="no open alerts">–</span>
  return (
    <span className="open-alerts">
      {open.map((s) => (
        <span key={s} className="severity" title={`${counts[s]} open, ${severityWord[s].toLowerCase()}`}>
          <SeverityMark severity={s} size={15} />
          <span>{counts[s]}</span>
          <span className="sr-only"> {severityWord[s].toLowerCase()} </span>
        </span>
      ))}
    </span>
  )
}

// Tag is a short remark on a thing; `odd` for what is not as it should be.
export function Tag({ children, odd = false }: { children: React.ReactNode; odd?: boolean }) {
  return <span className={odd ? 'tag odd' : 'tag'}>{children}</span>
}

// NewTag marks a device that was not there while learning.
export function NewTag({ known, long = false }: { known: boolean; long?: boolean }) {
  const judged = useJudged()
  return known || !judged ? null : <Tag odd>{long ? 'new: not there while learning' : 'new'}</Tag>
}

// NotLearnedTag marks a conversation or statement that was not seen while learning.
export function NotLearnedTag({ learned }: { learned: boolean }) {
  const judged = useJudged()
  return learned || !judged ? null : <Tag odd>not learned</Tag>
}

// Confidence is 0-100: how far to believe a fact.
export function Confidence({ value }: { value: number }) {
  return (
    <span className="confidence" title={`confidence ${value} of 100`}>
      <span className="confidence-bar" aria-hidden="true">
        <span style={{ width: `${value}%` }} />
      </span>
      <span className="num">{value}</span>
    </span>
  )
}

// DoorMark is the sign of a door as it stands on the lines of the map: a circle where
// requests are judged, a square where nothing passes, hollow while it is only a test.
export function DoorMark({ door, test }: { door: DoorWord; test: boolean }) {
  return (
    <svg className={test ? 'door-mark test' : 'door-mark'} viewBox="0 0 44 12" aria-hidden="true">
      <path className={door === 'shut' && !test ? 'l-shut' : 'l-plain'} d="M2 6h40" />
      {door === 'guarded' && <circle className="door-sign" cx="22" cy="6" r="4.500" />}
      {door === 'shut' && <rect className="door-sign" x="17.500" y="1.500" width="9" height="9" />}
    </svg>
  )
}

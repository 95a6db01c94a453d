import { clockOf, dayOf, parse, zoneOf } from '../time'
import { Icon } from '../glyphs'

// Traffic time and wall time are two clocks, and each value says which it is:
// a sign in front, words in the title and for a screen reader.

interface Props {
  time: string | undefined
  short?: boolean // the clock alone, where the day is clear
  bare?: boolean // without the sign, where a heading already says which clock it is
}

function When({ time, short, bare, wall }: Props & { wall: boolean }) {
  const at = parse(time)
  const kind = wall ? 'wall time' : 'traffic time'
  if (!at) return <span className="dim">–</span>
  return (
    <time className={wall ? 'when wall' : 'when'} dateTime={time} title={`${kind}: ${time}`}>
      {!bare && <Icon name={wall ? 'wall' : 'traffic'} size={14} />}
      <span className="sr-only">{kind} </span>
      {!short && <span className="when-day">{dayOf(at)} </span>}
      <span className="when-clock">{clockOf(at)}</span>
      {!bare && !short && <span className="when-zone"> {zoneOf(at)}</span>}
    </time>
  )
}

export const TrafficTime = (props: Props) => <When {...props} wall={false} />
export const WallTime = (props: Props) => <When {...props} wall />

import type { Barred, Gateway, Shed } from '../api'
import { parse, span } from '../time'
import { Tag } from '../ui/marks'
import { WallTime } from '../ui/when'
import { count, plural } from '../words'

// most is how many of a list stand on the page; firedoor status has all.
const most = 20

// FloorPanel lists whom no worker listens to: clients on whose frames workers died, and
// what took too long to judge. Where there is none it is not there.
export function FloorPanel({ gateway: g, now }: { gateway: Gateway; now: string }) {
  const all = g.barred.length + g.shed.length
  if (all === 0) return null
  const left = Math.max(0, g.barred.length - most) + Math.max(0, g.shed.length - most)
  return (
    <section className="panel odd" aria-labelledby="floor">
      <div className="panel-head">
        <h2 id="floor">Not judged by a worker</h2>
        <span className="dim num">{count(all)}</span>
      </div>
      <p className="dim small floor-meaning">
        The kernel decides alone: by addresses and ports, and in Modbus by the function code. What hangs on more goes as each conduit says for what cannot be judged (Rules).
      </p>
      <ul className="isolations">
        {g.barred.slice(0, most).map((b) => (
          <OneBarred key={b.client} barred={b} folder={g.folder} />
        ))}
        {g.shed.slice(0, most).map((s) => (
          <OneShed key={`${s.conduit} ${s.client}`} shed={s} now={now} />
        ))}
      </ul>
      {left > 0 && <p className="dim small">{count(left)} more: firedoor status lists all.</p>}
    </section>
  )
}

function OneBarred({ barred: b, folder }: { barred: Barred; folder: string }) {
  const command = `firedoor release ${b.client} --data ${folder}`
  return (
    <li className="barred">
      <p className="isolation-what">
        <strong>{b.name || b.client}</strong> {b.name && <code>{b.client}</code>} <Tag odd>barred</Tag>
        <span className="isolation-left">until released</span>
      </p>
      <p className="small">
        {plural(b.deaths, 'worker')} died on its frames, the last one at <WallTime time={b.since_wall} />. To guard the others, no worker looks at what it asks, in any conduit. Find out what it sent, and
        why, before you release it:
      </p>
      <pre tabIndex={0} aria-label={`Command that releases ${b.name || b.client}`}>
        {command}
      </pre>
    </li>
  )
}

function OneShed({ shed: s, now }: { shed: Shed; now: string }) {
  const until = parse(s.until_wall)
  const at = parse(now)
  const left = until && at ? until.getTime() - at.getTime() : 0
  return (
    <li>
      <p className="isolation-what">
        <strong>{s.client ? s.name || s.client : `all of ${s.conduit}`}</strong> {s.name && <code>{s.client}</code>} <Tag odd>too slow</Tag>
        <span className="isolation-left num">{left > 0 ? `${span(left)} left` : 'time is over'}</span>
      </p>
      <p className="dim small">
        {s.client && <>In conduit {s.conduit}. </>}
        {s.why.charAt(0).toUpperCase() + s.why.slice(1)}. It ends by itself at <WallTime time={s.until_wall} />
      </p>
    </li>
  )
}

import type { Sensor, SourceState } from '../api'
import { Icon } from '../glyphs'
import { useSensors } from '../queries'
import { SeverityMark, Tag } from '../ui/marks'
import { StageLine } from '../ui/stage'
import { Empty, Shown } from '../ui/states'
import { TrafficTime, WallTime } from '../ui/when'
import { bytes, count, plural } from '../words'

// SensorsRoom shows how much of the plant is seen, and above all what is not.
export function SensorsRoom() {
  const sensors = useSensors()
  return (
    <div className="room page">
      <header className="room-head">
        <h1>Sensors</h1>
        <p className="room-count">{sensors.data && plural(sensors.data.length, 'sensor')}</p>
      </header>
      <Shown of={sensors} what="sensors">
        {(data) =>
          data.length === 0 ? (
            <Empty icon="sensors" title="No sensor has reported yet">
              A sensor appears here when it says for the first time what it sees.
            </Empty>
          ) : (
            <div className="sensors">
              {data.map((s) => (
                <SensorPanel key={s.name} sensor={s} />
              ))}
            </div>
          )
        }
      </Shown>
    </div>
  )
}

// missed says in sentences what this sensor did not see.
function missed(sensor: Sensor): string[] {
  const out: string[] = []
  const sources = sensor.sources ?? []
  const sum = (pick: (s: SourceState) => number) => sources.reduce((n, s) => n + pick(s), 0)
  if (sensor.stale) out.push('It has not been heard for more than 30 seconds: nobody knows what it sees now.')
  for (const s of sources) if (s.state === 'down') out.push(`${s.name} is down${s.problem ? `: ${s.problem}` : ''}. Nothing is seen there.`)
  if (sum((s) => s.dropped) > 0) out.push(`${plural(sum((s) => s.dropped), 'frame')} came faster than they could be taken in: nobody saw them.`)
  if (sum((s) => s.one_way) > 0)
    out.push(`${plural(sum((s) => s.one_way), 'conversation')} ${sum((s) => s.one_way) === 1 ? 'was' : 'were'} seen in one direction only: does the mirror port copy both?`)
  if (sum((s) => s.gaps) > 0) out.push(`${plural(sum((s) => s.gaps), 'hole')} in TCP streams: what was asked there is not known.`)
  if (sensor.restarts > 0) out.push(`It was started again ${plural(sensor.restarts, 'time')}: traffic in between was not seen.`)
  for (const l of sensor.limits_reached ?? []) out.push(`The limit of ${l.name} was reached; ${plural(l.times, 'time')} something found no room.`)
  return out
}

function SensorPanel({ sensor }: { sensor: Sensor }) {
  const blind = missed(sensor)
  const id = `sensor-${sensor.name}`
  return (
    <section className={sensor.stale ? 'panel sensor odd' : 'panel sensor'} aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{sensor.name}</h2>
        {sensor.stale && <Tag odd>not heard</Tag>}
        <span className="dim">version {sensor.version}</span>
      </div>
      <div className="sensor-grid">
        <div>
          <h3>State of learning</h3>
          <StageLine stage={sensor.stage} since={sensor.stage_since} until={sensor.stage_until} />
          <p className="dim">{count(sensor.learned_frames)} frames were taken for normal.</p>
        </div>
        <div>
          <h3>What it did not see</h3>
          {blind.length === 0 ? (
            <p className="quiet">
              <Icon name="check" size={18} /> Nothing is known to be missing.
            </p>
          ) : (
            <ul className="blind">
              {blind.map((text) => (
                <li key={text}>
                  <SeverityMark severity="medium" size={18} />
                  <span>{text}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
        <div>
          <h3>What it holds</h3>
          <dl className="figures">
            <Figure name="Assets" value={sensor.assets} />
            <Figure name="Conversations" value={sensor.conversations} />
            <Figure name="Statements" value={sensor.statements} />
            <Figure name="Learned" value={sensor.learned_statements} />
            <Figure name="Alerts" value={sensor.alerts} />
          </dl>
          <p className="sensor-times">
            <span>
              Latest traffic <TrafficTime time={sensor.traffic_time} />
            </span>
            <span>
              Last heard <WallTime time={sensor.last_heard_wall} />
            </span>
          </p>
        </div>
      </div>
      <Sources sensor={sensor} id={id} />
    </section>
  )
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className="num">{count(value)}</dd>
    </div>
  )
}

const kinds: Record<string, string> = { interface: 'Interface', capture: 'Capture file' }

function Sources({ sensor, id }: { sensor: Sensor; id: string }) {
  const sources = sensor.sources ?? []
  if (sources.length === 0) return <p className="quiet">It has no source of frames.</p>
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={`Sources of ${sensor.name}`}>
      <table className="sources" aria-labelledby={id}>
        <thead>
          <tr>
            <th>Source</th>
            <th>State</th>
            <th className="right">Frames</th>
            <th className="right">Bytes</th>
            <th className="right" title="By the kernel: frames nobody saw">Dropped</th>
            <th className="right" title="Frames that a mirror or a redundant network doubled; each counts once">Duplicates</th>
            <th className="right" title="Conversations of which one direction was never seen">One way</th>
            <th className="right" title="Holes in TCP streams">Gaps</th>
            <th>Last frame (traffic time)</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((s) => (
            <tr key={s.name}>
              <td>
                <span className="two-rows">
                  <span className="num">{s.name}</span>
                  <span className="dim small">{kinds[s.kind] ?? s.kind}</span>
                </span>
              </td>
              <td>{s.state === 'down' ? <Odd>{s.state}</Odd> : s.state}</td>
              <td className="right num">{count(s.frames)}</td>
              <td className="right num">{bytes(s.bytes)}</td>
              <td className="right num"><Missing n={s.dropped} /></td>
              <td className="right num">{count(s.duplicates)}</td>
              <td className="right num"><Missing n={s.one_way} /></td>
              <td className="right num"><Missing n={s.gaps} /></td>
              <td><TrafficTime time={s.last_frame} bare /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Missing = ({ n }: { n: number }) => (n > 0 ? <Odd>{count(n)}</Odd> : <>{n}</>)

function Odd({ children }: { children: React.ReactNode }) {
  return (
    <span className="odd-value">
      <SeverityMark severity="medium" size={14} /> {children}
    </span>
  )
}

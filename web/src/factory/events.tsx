import type { SimEvent } from '../api'
import { Tag } from '../ui/marks'
import { TrafficTime } from '../ui/when'

// EventsPanel tells what happened in the process: the plant's own account, which
// knows nothing of alerts.
export function EventsPanel({ events }: { events: SimEvent[] }) {
  return (
    <section className="panel events" aria-labelledby="events">
      <div className="panel-head">
        <h2 id="events">In the process</h2>
        <span className="dim">newest first</span>
      </div>
      {events.length === 0 ? (
        <p className="quiet">Nothing happened so far.</p>
      ) : (
        <div className="events-scroll" tabIndex={0} role="region" aria-label="Events in the process">
          <ol>
            {events.map((e, i) => (
              <li key={`${e.time} ${e.cell} ${e.kind} ${events.length - i}`}>
                <TrafficTime time={e.time} short bare />
                <span>
                  {e.cell && <strong>{e.cell}: </strong>}
                  {e.words} <Tag>{e.kind}</Tag>
                </span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  )
}

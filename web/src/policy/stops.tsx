import type { Gateway } from '../api'
import { Icon } from '../glyphs'
import { useStops } from '../queries'
import { useSearch } from '../router'
import { SelectFilter } from '../ui/filter'
import { Tag } from '../ui/marks'
import { Shown } from '../ui/states'
import { WallTime } from '../ui/when'
import { count } from '../words'

// StopsPanel lists single requests and frames that were stopped or would have been.
export function StopsPanel({ gateway: g }: { gateway: Gateway }) {
  const [conduit] = useSearch('conduit')
  const [rule, setRule] = useSearch('rule')
  const [test] = useSearch('show')
  const stops = useStops({ gateway: g.name, conduit, rule, test: test || undefined })
  return (
    <section className="panel" aria-labelledby="stops">
      <div className="panel-head policy-head">
        <h2 id="stops">Single stops, newest first</h2>
        <p className="dim" role="status">{stops.data && count(stops.data.pages[0]?.total ?? 0)}</p>
        <div className="policy-filters">
          <SelectFilter
            name="show"
            label="What became of them"
            choices={[{ value: '', label: 'Stopped or test' }, { value: 'stopped', label: 'Stopped' }, { value: 'test', label: 'Would have been' }]}
          />
          <SelectFilter name="conduit" label="Conduit" choices={[{ value: '', label: 'Any conduit' }, ...g.policy.conduits.map((c) => ({ value: c.name, label: c.name }))]} />
        </div>
      </div>
      {rule && (
        <p className="evidence-filter">
          Only by {rule}
          <button type="button" className="more rule-clear" onClick={() => setRule('')}>
            By any
          </button>
        </p>
      )}
      <Shown of={stops} what="stops" rows={6}>
        {(data) => {
          const rows = data.pages.flatMap((p) => p.stops)
          if (rows.length === 0) {
            return (
              <p className="quiet">
                <Icon name="minus" size={18} /> Nothing of this sort.
              </p>
            )
          }
          return (
            <>
              <div className="table-scroll" tabIndex={0} role="region" aria-label="Single stops">
                <table className="stops">
                  <thead>
                    <tr>
                      <th>When (wall time)</th>
                      <th>What</th>
                      <th>Done</th>
                      <th>By</th>
                    </tr>
                  </thead>
                  <tbody>
                    {rows.map((s) => (
                      <tr key={`${s.gateway} ${s.seq}`}>
                        <td className="nowrap"><WallTime time={s.wall_time} bare /></td>
                        <td>
                          <span className="two-rows">
                            <span>{s.sentence}</span>
                            <span className="jargon num">{[s.protocol, s.function, `${s.client_at} to ${s.server_at}`].filter(Boolean).join(', ')}</span>
                          </span>
                        </td>
                        <td><Tag>{s.test ? `test: ${s.says}` : s.done}</Tag></td>
                        <td className="dim">{s.why}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {stops.hasNextPage && (
                <button type="button" className="more" disabled={stops.isFetchingNextPage} onClick={() => void stops.fetchNextPage()}>
                  Older ones
                </button>
              )}
              {!stops.hasNextPage && data.pages[0]?.older && <p className="hint">Still older ones stand in {g.folder}/stopped.jsonl.</p>}
            </>
          )
        }}
      </Shown>
    </section>
  )
}

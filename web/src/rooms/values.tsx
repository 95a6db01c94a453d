import { useMemo } from 'react'
import type { Point } from '../api'
import { Icon } from '../glyphs'
import { usePoints } from '../queries'
import { useSearch } from '../router'
import { Behind } from '../ui/behind'
import { TextFilter } from '../ui/filter'
import { Tag } from '../ui/marks'
import { Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { count, figure, times } from '../words'

// ProcessValues lists what was read from a device, written to it or told by it: the
// latest value of each place, where it lies in all that was seen, and how it moves.
export function ProcessValues({ asset }: { asset: string }) {
  const [text] = useSearch('q')
  const points = usePoints(asset, { q: text })
  const rows = useMemo(() => points.data?.pages.flatMap((p) => p.points) ?? [], [points.data])
  const total = points.data?.pages[0]?.total ?? 0
  const none = total === 0 && !text
  return (
    <section className="panel" aria-labelledby="process-values">
      <div className="panel-head values-head">
        <h2 id="process-values">Process values</h2>
        <span className="dim">{points.data && !none && count(total)}</span>
        {(!none || text) && <TextFilter label="Filter process values" placeholder="Name or place" />}
      </div>
      <Shown of={points} what="process values" rows={4}>
        {() =>
          rows.length === 0 ? (
            <p className="quiet">
              {text ? 'No process value matches.' : 'None was seen: nothing was read from it, written to it or told by it in a protocol whose values are read.'}
            </p>
          ) : (
            <Table rows={rows} />
          )
        }
      </Shown>
      <Behind room="points" pages={points.data?.pages.length ?? 0} />
      {points.hasNextPage && (
        <button type="button" className="more" onClick={() => void points.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  )
}

const keyOf = (p: Point) => [p.segment, p.server.ip ?? p.server.mac, p.protocol, p.unit, p.object, p.name, p.type].join('|')

function Table({ rows }: { rows: Point[] }) {
  const units = rows.some((p) => p.unit !== rows[0]?.unit)
  const protocols = rows.some((p) => p.protocol !== rows[0]?.protocol)
  return (
    <div className="table-scroll values-scroll" tabIndex={0} role="region" aria-label="Table of process values">
      <table className="values">
        <thead>
          <tr>
            <th>Name or place</th>
            <th className="right">Value</th>
            <th>Range seen</th>
            <th className="right">Changes</th>
            <th>Last change (traffic time)</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((p) => (
            <tr key={keyOf(p)}>
              <td className="wrap">
                {p.name ? (
                  <>
                    <span className="value-name">{p.name}</span> <span className="num dim">{p.object}</span>
                  </>
                ) : (
                  <span className="num">{p.object}</span>
                )}{' '}
                <span className="dim small">{[protocols && p.protocol, units && p.unit !== undefined && `unit ${p.unit}`].filter(Boolean).join(', ')}</span>
              </td>
              <td className="right value-now"><Value of={p} /></td>
              <td><Range of={p} /></td>
              <td className="right nowrap">
                {p.written ? <Tag><Icon name="pen" size={13} /> written {times(p.written)}</Tag> : null}{' '}
                <span className="num">{count(p.changes)}</span>
              </td>
              <td><TrafficTime time={p.changed} bare /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Value({ of: p }: { of: Point }) {
  if (p.value === null) return <span className="dim" title="What stands there is no number: NaN or infinity">no number</span>
  return (
    <span title={`as ${p.type}`}>
      <span className="num">{figure(p.value)}</span>
      {p.measure && <span className="dim"> {p.measure}</span>}
    </span>
  )
}

// Range shows where the value lies between the lowest and the highest that was seen.
function Range({ of: p }: { of: Point }) {
  if (p.min === null || p.max === null) return <span className="dim">–</span>
  if (p.min === p.max) return <span className="dim">always the same</span>
  const at = p.value === null ? null : Math.min(100, Math.max(0, ((p.value - p.min) / (p.max - p.min)) * 100))
  return (
    <span className="range">
      <span className="num range-low">{figure(p.min)}</span>
      <span className="sr-only"> to </span>
      <span className="range-bar" aria-hidden="true">{at !== null && <span style={{ left: `${at}%` }} />}</span>
      <span className="num">{figure(p.max)}</span>
    </span>
  )
}

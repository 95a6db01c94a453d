import { useMemo } from 'react'
import type { Program, ProgramContent } from '../api'
import { useJudged, usePrograms } from '../queries'
import { Tag } from '../ui/marks'
import { EvidenceText } from '../ui/names'
import { Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { addressText, bytes, count, plural, times } from '../words'

// Programs lists what a controller was given and asked for: blocks, projects,
// firmware and files, each content by its sum. No content is kept.
export function Programs({ asset }: { asset: string }) {
  const programs = usePrograms(asset)
  const rows = useMemo(() => programs.data?.pages.flatMap((p) => p.programs) ?? [], [programs.data])
  const total = programs.data?.pages[0]?.total ?? 0
  return (
    <section className="panel" aria-labelledby="programs">
      <div className="panel-head">
        <h2 id="programs">Programs</h2>
        <span className="dim">{programs.data && total > 0 && count(total)}</span>
      </div>
      <Shown of={programs} what="programs" rows={3}>
        {() =>
          rows.length === 0 ? (
            <p className="quiet">None was seen: nobody gave it a program, firmware or file, or asked for one.</p>
          ) : (
            <ul className="programs">
              {rows.map((p) => (
                <OneProgram key={p.sensor + p.key} of={p} />
              ))}
            </ul>
          )
        }
      </Shown>
      {programs.hasNextPage && (
        <button type="button" className="more" onClick={() => void programs.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  )
}

function OneProgram({ of: p }: { of: Program }) {
  const sums = new Set(p.contents.filter((c) => c.whole).map((c) => c.sha256))
  const newest = useMemo(() => [...p.contents].sort((a, b) => b.last.localeCompare(a.last)), [p.contents])
  return (
    <li>
      <p className="program-name">
        <strong>{p.name || 'without a name'}</strong> <span className="dim">{[p.kind, p.protocol, ...(p.unit === undefined ? [] : [`unit ${p.unit}`])].join(', ')}</span>{' '}
        {sums.size > 1 && <Tag odd>changed: {count(sums.size)} contents</Tag>}
        {p.unfinished > 0 && <Tag>{plural(p.unfinished, 'transfer')} without an end</Tag>}
      </p>
      {newest.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label={`Contents of ${p.name || p.kind}`}>
          <table>
            <thead>
              <tr>
                <th>Content (SHA-256)</th>
                <th className="right">Size</th>
                <th>Direction</th>
                <th>First (traffic time)</th>
                <th>Last (traffic time)</th>
                <th>By whom</th>
                <th>Evidence</th>
              </tr>
            </thead>
            <tbody>
              {newest.map((c, i) => (
                <Content key={i} of={c} first={c === p.contents[0]} latest={i === 0} alone={newest.length === 1} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {p.forgotten > 0 && <p className="dim small">{plural(p.forgotten, 'further content')} found no room.</p>}
    </li>
  )
}

function Content({ of: c, first, latest, alone }: { of: ProgramContent; first: boolean; latest: boolean; alone: boolean }) {
  const judged = useJudged()
  return (
    <tr className={latest ? '' : 'other'}>
      <td className="nowrap">
        {c.whole ? <span className="num" title={c.sha256}>{c.sha256?.slice(0, 12)}</span> : <span className="dim">bytes were missed: no sum</span>}{' '}
        {!alone && latest && <Tag odd={!first}>now</Tag>} {judged && !c.learned && <Tag odd>not learned</Tag>}
      </td>
      <td className="right num nowrap">{bytes(c.bytes)}</td>
      <td className="nowrap">{direction(c)}</td>
      <td><TrafficTime time={c.first} bare /></td>
      <td><TrafficTime time={c.last} bare /></td>
      <td className="num">{addressText(c.client) || '–'}</td>
      <td><EvidenceText capture={c.capture ?? ''} frame={c.frame} /></td>
    </tr>
  )
}

function direction(c: ProgramContent): string {
  const parts = []
  if (c.downloads > 0) parts.push(`given to it ${times(c.downloads)}`)
  if (c.uploads > 0) parts.push(`asked of it ${times(c.uploads)}`)
  return parts.join(', ') || '–'
}

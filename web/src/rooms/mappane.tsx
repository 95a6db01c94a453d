import { CloseButton } from '@mantine/core'
import { useMemo } from 'react'
import type { ConversationRow, DoorWord, MapEdge, MapNode, PlantMap } from '../api'
import { Icon, RoleIcon } from '../glyphs'
import type { Chosen } from '../map/draw'
import { useConversations, useDoors } from '../queries'
import { Link } from '../router'
import { DoorMark, SeverityLabel, SeverityMark, Tag } from '../ui/marks'
import { Shown } from '../ui/states'
import { count, doorMeaning, doorWord, levelWord, plural, roleWord, severities, severityWord } from '../words'

interface Props {
  map: PlantMap
  chosen: Chosen | null
  choose: (chosen: Chosen | null) => void
  bring: (id: string) => void
}

// MapPane explains what is chosen on the map; with nothing chosen it names what is
// not as it should be, and what the signs mean.
export function MapPane({ map, chosen, choose, bring }: Props) {
  const nodes = useMemo(() => new Map((map.nodes ?? []).map((n) => [n.id, n])), [map])
  const node = chosen?.kind === 'node' ? nodes.get(chosen.id) : undefined
  const edge = chosen?.kind === 'edge' ? (map.edges ?? []).find((e) => e.key === chosen.id) : undefined
  const pick = (id: string) => {
    bring(id)
    choose({ kind: 'node', id })
  }
  return (
    <aside className={chosen ? 'map-pane' : 'map-pane idle'} aria-label="What is chosen on the map">
      {chosen && <CloseButton className="pane-close" aria-label="Choose nothing" title="Choose nothing (Esc)" onClick={() => choose(null)} />}
      {node ? (
        <NodePane node={node} map={map} nodes={nodes} choose={choose} />
      ) : edge ? (
        <EdgePane edge={edge} nodes={nodes} pick={pick} map={map} />
      ) : chosen ? (
        <p className="quiet">This is not on the map: it may have been left out, or be gone.</p>
      ) : (
        <Survey map={map} pick={pick} />
      )}
    </aside>
  )
}

function Survey({ map, pick }: { map: PlantMap; pick: (id: string) => void }) {
  const nodes = map.nodes ?? []
  const odd = nodes
    .filter((n) => n.severity === 'high' || n.severity === 'medium' || !n.known)
    .sort((a, b) => severities.indexOf(a.severity || 'info') - severities.indexOf(b.severity || 'info'))
  const left = map.left_out
  return (
    <>
      <h2>What is not as it should be</h2>
      {odd.length === 0 ? (
        <p className="quiet">
          <Icon name="check" size={18} /> No device has an open alert, none is new.
        </p>
      ) : (
        <ul className="map-list">
          {odd.slice(0, 60).map((n) => (
            <li key={n.id}>
              <button type="button" onClick={() => pick(n.id)}>
                {n.severity ? <SeverityMark severity={n.severity} size={16} /> : <RoleIcon role={n.role} size={16} />}
                <span className="clip">{n.name || n.id}</span>
                <span className="dim clip">{roleWord(n.role)}</span>
                {!n.known && <Tag odd>new</Tag>}
              </button>
            </li>
          ))}
        </ul>
      )}
      {left && left.nodes + left.edges > 0 && (
        <p className="hint">
          Left out to keep the map readable: {plural(left.nodes, 'device')} and {plural(left.edges, 'line')}, those with the least traffic and no alert.
        </p>
      )}
      <Legend doors={map.doors} />
    </>
  )
}

const doors: { door: DoorWord; test: boolean }[] = [
  { door: 'guarded', test: false },
  { door: 'guarded', test: true },
  { door: 'shut', test: false },
  { door: 'shut', test: true },
]

function DoorSigns() {
  return (
    <>
      {doors.map(({ door, test }) => (
        <DoorSign key={`${door} ${test}`} door={door} test={test} />
      ))}
    </>
  )
}

function DoorSign({ door, test }: { door: DoorWord; test: boolean }) {
  return (
    <>
      <dt><DoorMark door={door} test={test} /></dt>
      <dd>{test ? `only a test of that: ${door === 'shut' ? 'it would be shut' : 'nothing is stopped'}` : `door ${door}: ${doorMeaning[door]}`}</dd>
    </>
  )
}

function Legend({ doors }: { doors: boolean }) {
  return (
    <>
      <h3>Signs</h3>
      <dl className="legend">
        <dt><svg viewBox="0 0 44 12" aria-hidden="true"><path className="l-plain" d="M2 6h40" /></svg></dt>
        <dd>speaks with, reads</dd>
        <dt><svg viewBox="0 0 44 12" aria-hidden="true"><path className="l-plain" d="M2 6h36" /><path className="l-arrow" d="M34 1.500L43 6l-9 4.500z" /></svg></dt>
        <dd>changes it: writes, commands, programs</dd>
        <dt><svg viewBox="0 0 44 12" aria-hidden="true"><path className="l-new" d="M2 6h40" /></svg></dt>
        <dd>not learned</dd>
        {doors && <DoorSigns />}
        <dt><svg viewBox="0 0 44 22" aria-hidden="true"><rect className="l-box" x="12" y="2" width="18" height="18" rx="2" /></svg></dt>
        <dd>a device that was not there while learning</dd>
        {severities.map((s) => (
          <Sign key={s} severity={s} />
        ))}
      </dl>
    </>
  )
}

function Sign({ severity }: { severity: (typeof severities)[number] }) {
  return (
    <>
      <dt><SeverityMark severity={severity} size={18} /></dt>
      <dd>open alert, {severityWord[severity].toLowerCase()}</dd>
    </>
  )
}

interface NodeProps {
  node: MapNode
  map: PlantMap
  nodes: Map<string, MapNode>
  choose: (chosen: Chosen) => void
}

function NodePane({ node, map, nodes, choose }: NodeProps) {
  const edges = (map.edges ?? []).filter((e) => e.from === node.id || e.to === node.id)
  edges.sort((a, b) => Number(a.learned) - Number(b.learned) || b.operations - a.operations)
  const zone = (map.zones ?? []).find((z) => z.id === node.zone)?.name ?? node.zone
  return (
    <>
      <p className="pane-sign">
        <RoleIcon role={node.role} size={26} />
        <span>{roleWord(node.role)}</span>
        {!node.known && <Tag odd>new</Tag>}
      </p>
      <h2 className="pane-name">{node.name || node.id}</h2>
      <p className="dim">
        {node.level ? `${node.level} ${levelWord(node.level)}` : 'level unknown'} · {zone}
      </p>
      {node.severity && (
        <p className="pane-alert">
          <SeverityLabel severity={node.severity} />
          <Link href={`/alerts?asset=${encodeURIComponent(node.id)}&state=open`}>Open alerts of this device</Link>
        </p>
      )}
      <p>
        <Link className="button-link" href={`/assets/${encodeURIComponent(node.id)}`}>
          All that is known of it
        </Link>
      </p>
      <h3>Speaks with {edges.length > 0 && <span className="dim num">{count(edges.length)}</span>}</h3>
      {edges.length === 0 ? (
        <p className="quiet">Nobody on this map.</p>
      ) : (
        <ul className="map-list">
          {edges.map((e) => (
            <li key={e.key}>
              <button type="button" onClick={() => choose({ kind: 'edge', id: e.key })}>
                {e.severity ? <SeverityMark severity={e.severity} size={16} /> : <Icon name={e.from === node.id ? 'arrow' : 'left'} size={16} />}
                <span className="clip">{peerName(e, node.id, nodes)}</span>
                {e.door && e.door !== 'open' && (
                  <span title={`door: ${doorWord(e.door, e.door_test)}`} className="list-door">
                    <DoorMark door={e.door} test={e.door_test} />
                    <span className="sr-only">door {doorWord(e.door, e.door_test)}</span>
                  </span>
                )}
                <span className="dim clip">{e.protocols}</span>
                {e.changes && (
                  <span title="changes it">
                    <Icon name="pen" size={14} />
                    <span className="sr-only">changes it</span>
                  </span>
                )}
                {!e.learned && <Tag odd>not learned</Tag>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function peerName(e: MapEdge, self: string, nodes: Map<string, MapNode>): string {
  const id = e.from === self ? e.to : e.from
  return nodes.get(id)?.name || id
}

interface EdgeProps {
  edge: MapEdge
  nodes: Map<string, MapNode>
  pick: (id: string) => void
  map: PlantMap
}

function EdgePane({ edge, nodes, pick, map }: EdgeProps) {
  const from = nodes.get(edge.from)
  const to = nodes.get(edge.to)
  const zoneOf = (n: MapNode | undefined) => (map.zones ?? []).find((z) => z.id === n?.zone)?.name ?? n?.zone ?? ''
  const crosses = from && to && from.zone !== to.zone
  return (
    <>
      <p className="pane-sign">
        <Icon name="arrow" size={24} />
        <span>{edge.changes ? 'Asks and changes' : 'Asks'}</span>
        {!edge.learned && <Tag odd>not learned</Tag>}
      </p>
      <h2 className="pane-name">
        <button type="button" className="name-button" onClick={() => pick(edge.from)}>{from?.name || edge.from}</button>
        {' to '}
        <button type="button" className="name-button" onClick={() => pick(edge.to)}>{to?.name || edge.to}</button>
      </h2>
      {edge.severity && (
        <p className="pane-alert">
          <SeverityLabel severity={edge.severity} />
          <Link href={`/alerts?asset=${encodeURIComponent(edge.from)}&state=open`}>Open alerts of {from?.name || edge.from}</Link>
        </p>
      )}
      <dl className="strip">
        <div><dt>Protocols</dt><dd>{edge.protocols || '–'}</dd></div>
        <div><dt>Operations</dt><dd className="num">{count(edge.operations)}</dd></div>
        <div><dt>Zones</dt><dd>{crosses ? `from ${zoneOf(from)} into ${zoneOf(to)}` : `within ${zoneOf(from)}`}</dd></div>
      </dl>
      {map.doors && <Doors edge={edge} />}
      <h3>Conversations</h3>
      <Between edge={edge} />
    </>
  )
}

// Doors says which door stands in a line for each protocol, and by which rule.
function Doors({ edge }: { edge: MapEdge }) {
  const passages = useDoors(edge.from, edge.to, edge.door !== '')
  return (
    <>
      <h3>Door {edge.door && <Tag>{doorWord(edge.door, edge.door_test)}</Tag>}</h3>
      {edge.door === '' ? (
        <p className="quiet">No gateway’s policy speaks of these two.</p>
      ) : (
        <Shown of={passages} what="doors" rows={2}>
          {(list) => (
            <ul className="passages">
              {list.map((p) => (
                <li key={`${p.gateway} ${p.protocol} ${p.port} ${p.sentence}`}>
                  <span className="passage-head">
                    <DoorMark door={p.door} test={p.test} />
                    <strong>{doorWord(p.door, p.test)}</strong>
                    <span className="dim">
                      {p.protocol}
                      {p.port > 0 && (p.protocol === 'ethernet' ? ` of type 0x${p.port.toString(16)}` : ` at port ${p.port}`)}
                    </span>
                  </span>
                  <span>{p.sentence}</span>
                  <span className="dim small">
                    It holds for what passes gateway{' '}
                    <Link href={`/policy?view=rules&gateway=${encodeURIComponent(p.gateway)}`}>{p.gateway}</Link>.
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Shown>
      )}
    </>
  )
}

// Between lists the conversations that a line stands for.
function Between({ edge }: { edge: MapEdge }) {
  const conversations = useConversations({ asset: edge.from, limit: 1000 })
  return (
    <Shown of={conversations} what="conversations" rows={2}>
      {(data) => {
        const rows = data.pages.flatMap((p) => p.conversations).filter((c) => ends(c, edge.from, edge.to) || ends(c, edge.to, edge.from))
        if (rows.length === 0) return <p className="quiet">They are no longer known.</p>
        return (
          <ul className="map-list">
            {rows.map((c) => (
              <li key={c.key}>
                <Link href={`/conversations/${encodeURIComponent(c.key)}`}>
                  <Icon name={c.client_asset === edge.from ? 'arrow' : 'left'} size={16} />
                  <span className="clip">{c.protocol}</span>
                  <span className="dim">{c.statements > 0 ? plural(c.statements, 'statement') : plural(c.packets, 'packet')}</span>
                  {!c.learned && <Tag odd>not learned</Tag>}
                </Link>
              </li>
            ))}
          </ul>
        )
      }}
    </Shown>
  )
}

const ends = (c: ConversationRow, client: string, server: string) => c.client_asset === client && c.server_asset === server

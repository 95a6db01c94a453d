import { Fragment, useMemo } from 'react'
import type { Alert, Asset, Fact } from '../api'
import { RoleIcon } from '../glyphs'
import { useAlerts, useAsset } from '../queries'
import { Link } from '../router'
import { Confidence, NewTag, OpenAlerts, SeverityMark } from '../ui/marks'
import { AssetLink, EvidenceText } from '../ui/names'
import { Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { bytes, count, levelWord, roleWord, splitSentence } from '../words'
import { Conversations } from './conversations'
import { Programs } from './programs'
import { ProcessValues } from './values'

// AssetRoom shows one device: what is known of it, who says so, and what it does.
export function AssetRoom({ id }: { id: string }) {
  const asset = useAsset(id)
  return (
    <div className="room page">
      <p className="crumbs">
        <Link href="/assets">Assets</Link>
      </p>
      <Shown of={asset} what="asset">
        {(data) => <Detail asset={data} />}
      </Shown>
    </div>
  )
}

// displayName is what to call an asset: its name, else its address.
export function displayName(asset: Asset): string {
  const ids = asset.identifiers ?? []
  const present = (kind: string) => ids.find((i) => i.kind === kind && !i.to)?.value
  return asset.name || present('ip') || present('mac') || asset.id
}

function Detail({ asset }: { asset: Asset }) {
  const name = displayName(asset)
  return (
    <>
      <header className="asset-head">
        <span className="asset-sign">
          <RoleIcon role={asset.role} size={34} />
        </span>
        <div>
          <h1>
            {name} <NewTag known={asset.known} long />
          </h1>
          <p>
            {roleWord(asset.role)}
            {asset.role_reason && <span className="dim"> – {asset.role_reason}</span>}
          </p>
        </div>
        <Link className="button-link" href={`/map?node=${encodeURIComponent(asset.id)}`}>
          Show on the map
        </Link>
      </header>
      <dl className="strip">
        <Item name="Level">{asset.level ? `${asset.level} ${levelWord(asset.level)}` : 'not known'}</Item>
        <Item name="Zone">{asset.zone || '–'}</Item>
        <Item name="Segment">{asset.segment}</Item>
        <Item name="Made by">{[asset.vendor, asset.model].filter(Boolean).join(' ') || 'not known'}</Item>
        <Item name="Firmware">{asset.firmware || 'not known'}</Item>
        <Item name="First seen"><TrafficTime time={asset.first_seen} /></Item>
        <Item name="Last seen"><TrafficTime time={asset.last_seen} /></Item>
        <Item name="Sent">{count(asset.packets)} packets, {bytes(asset.bytes)}</Item>
        {asset.hosts_behind ? <Item name="Passes on for">{count(asset.hosts_behind)} addresses</Item> : null}
        <Item name="Open alerts"><OpenAlerts counts={asset.open_alerts} /></Item>
        <Item name="Id"><span className="num">{asset.id}</span></Item>
      </dl>
      <AssetAlerts id={asset.id} />
      <Conversations asset={asset.id} />
      <ProcessValues asset={asset.id} />
      <Programs asset={asset.id} />
      <div className="two">
        <Facts facts={asset.facts ?? []} />
        <Identifiers asset={asset} />
      </div>
      <Relations asset={asset} />
      <History asset={asset} />
    </>
  )
}

function Item({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const shownAlerts = 5

function AssetAlerts({ id }: { id: string }) {
  const alerts = useAlerts({ asset: id, limit: shownAlerts })
  const rows = useMemo(() => alerts.data?.pages[0]?.alerts ?? [], [alerts.data])
  const total = alerts.data?.pages[0]?.total ?? 0
  if (rows.length === 0) return null
  return (
    <section className="panel" aria-labelledby="asset-alerts">
      <div className="panel-head">
        <h2 id="asset-alerts">Alerts</h2>
        {total > rows.length && <Link href={`/alerts?asset=${encodeURIComponent(id)}`}>All {count(total)}</Link>}
      </div>
      <ul className="plain-list">
        {rows.slice(0, shownAlerts).map((a) => (
          <li key={a.id}>
            <AlertLine alert={a} />
          </li>
        ))}
      </ul>
    </section>
  )
}

export function AlertLine({ alert }: { alert: Alert }) {
  return (
    <Link className="alert-line" href={`/alerts/${encodeURIComponent(alert.id)}`}>
      <SeverityMark severity={alert.severity} done={alert.acknowledged !== null} />
      <span>{splitSentence(alert.sentence).plain}</span>
      <TrafficTime time={alert.time} />
    </Link>
  )
}

function Facts({ facts }: { facts: Fact[] }) {
  const sorted = useMemo(
    () => [...facts].sort((a, b) => a.kind.localeCompare(b.kind) || (a.slot ?? 0) - (b.slot ?? 0) || Number(b.best ?? false) - Number(a.best ?? false) || b.confidence - a.confidence),
    [facts],
  )
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">Facts, and who says so</h2>
      </div>
      {sorted.length === 0 ? (
        <p className="quiet">It has told nothing of itself so far.</p>
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Table of facts">
          <table>
            <thead>
              <tr>
                <th>Fact</th>
                <th>Value</th>
                <th>Source</th>
                <th>Confidence</th>
                <th>Evidence</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((f, i) => (
                <tr key={i} className={f.best || f.kind === 'module' ? '' : 'other'}>
                  <td>
                    {f.kind.replaceAll('-', ' ')}
                    {f.slot !== undefined && ` in slot ${f.slot}`}
                  </td>
                  <td className="wrap">{f.value}</td>
                  <td>{f.source}</td>
                  <td><Confidence value={f.confidence} /></td>
                  <td><EvidenceText capture={f.capture} frame={f.frame} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

const bonds: Record<string, string> = { seen: 'packets came from it', claimed: 'it claims it', virtual: 'moves between devices', behind: 'behind a router' }

function Identifiers({ asset }: { asset: Asset }) {
  return (
    <section className="panel" aria-labelledby="identifiers">
      <div className="panel-head">
        <h2 id="identifiers">Recognised by</h2>
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Table of identifiers">
        <table>
          <thead>
            <tr>
              <th>Identifier</th>
              <th>Value</th>
              <th>How</th>
              <th>Confidence</th>
              <th>From (traffic time)</th>
              <th>Evidence</th>
            </tr>
          </thead>
          <tbody>
            {(asset.identifiers ?? []).map((i, n) => (
              <tr key={n} className={i.to ? 'other' : ''}>
                <td>{i.kind === 'mac' || i.kind === 'ip' ? i.kind.toUpperCase() : i.kind}</td>
                <td className="num">{i.value}</td>
                <td>{[i.bond && (bonds[i.bond] ?? i.bond), i.source].filter(Boolean).join(', ')}</td>
                <td><Confidence value={i.confidence} /></td>
                <td>
                  <TrafficTime time={i.from} bare />
                  {i.to && (
                    <>
                      {' '}to <TrafficTime time={i.to} bare />
                    </>
                  )}
                </td>
                <td><EvidenceText capture={i.capture} frame={i.frame} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Relations({ asset }: { asset: Asset }) {
  const relations = asset.relations ?? []
  if (relations.length === 0) return null
  return (
    <section className="panel" aria-labelledby="relations">
      <div className="panel-head">
        <h2 id="relations">Ties to other devices</h2>
      </div>
      <ul className="plain-list">
        {relations.map((r, i) => (
          <li key={i}>
            {r.kind.replaceAll('-', ' ')} <AssetLink id={r.asset} name={r.asset} />
            {r.value && <span className="num"> ({r.value})</span>} <span className="dim">since</span> <TrafficTime time={r.since} />
            <span className="dim"> – {r.reason}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function History({ asset }: { asset: Asset }) {
  const history = asset.history ?? []
  if (history.length === 0) return null
  return (
    <section className="panel" aria-labelledby="history">
      <div className="panel-head">
        <h2 id="history">How it came to be what it is</h2>
      </div>
      <ol className="plain-list">
        {history.map((h, i) => (
          <li key={i}>
            <TrafficTime time={h.time} /> <strong>{h.kind.replaceAll('-', ' ')}</strong> {h.value && <span className="num">{h.value} </span>}
            <span className="dim">{h.reason} </span>
            {(h.assets ?? []).filter((a) => a !== asset.id).map((a) => (
              <Fragment key={a}>
                <AssetLink id={a} name={a} />{' '}
              </Fragment>
            ))}
            <EvidenceText capture={h.capture} frame={h.frame} />
          </li>
        ))}
      </ol>
    </section>
  )
}

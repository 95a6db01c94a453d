import { useMemo } from 'react'
import type { AssetRow } from '../api'
import { RoleIcon } from '../glyphs'
import { Behind } from '../ui/behind'
import { useAssets } from '../queries'
import { go, Link, usePlace } from '../router'
import { SelectFilter, TextFilter } from '../ui/filter'
import { List, type Column } from '../ui/list'
import { NewTag, OpenAlerts } from '../ui/marks'
import { Empty, Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { count, levels, levelWord, roleNames, roleWord } from '../words'

const href = (id: string) => `/assets/${encodeURIComponent(id)}`
const firstAddress = (a: AssetRow) => a.addresses_text.split(',')[0]?.trim() ?? ''
const nameOf = (a: AssetRow) => a.name || firstAddress(a) || a.id

const columns: Column<AssetRow>[] = [
  {
    name: 'Device',
    width: 'minmax(11rem, 2fr)',
    cell: (a) => (
      <span className="device">
        <RoleIcon role={a.role} size={18} />
        <Link href={href(a.id)} tabIndex={-1} className="clip">
          {nameOf(a)}
        </Link>
        <NewTag known={a.known} />
      </span>
    ),
  },
  { name: 'Open alerts', width: '8rem', cell: (a) => <OpenAlerts counts={a.open_alerts} /> },
  { name: 'Role', width: 'minmax(7rem, 1fr)', cell: (a) => <span className={a.role ? 'clip' : 'clip dim'}>{roleWord(a.role)}</span> },
  { name: 'Level', width: '4rem', cell: (a) => <span title={levelWord(a.level)}>{a.level || '–'}</span> },
  { name: 'Addresses', width: 'minmax(9rem, 2fr)', cell: (a) => <span className="clip num" title={a.addresses_text}>{a.addresses_text}</span> },
  { name: 'Zone', width: 'minmax(8rem, 1.3fr)', from: 80, cell: (a) => <span className="clip" title={a.zone}>{a.zone}</span> },
  { name: 'Made by', width: 'minmax(9rem, 2fr)', cell: (a) => <Made asset={a} /> },
  { name: 'Last seen (traffic)', width: '11rem', from: 66, cell: (a) => <TrafficTime time={a.last_seen} bare /> },
]

function Made({ asset }: { asset: AssetRow }) {
  const text = [asset.vendor, asset.model, asset.firmware].filter(Boolean).join(' · ')
  return (
    <span className={text ? 'clip' : 'dim'} title={text}>
      {text || '–'}
    </span>
  )
}

function Compact(a: AssetRow) {
  return (
    <div className="compact-asset">
      <RoleIcon role={a.role} size={22} />
      <div>
        <p className="device">
          <strong className="clip">{nameOf(a)}</strong>
          <NewTag known={a.known} />
          <span className="push">
            <OpenAlerts counts={a.open_alerts} />
          </span>
        </p>
        <p className="compact-foot">
          <span className="clip">
            {roleWord(a.role)} · {a.level || 'level unknown'}
          </span>
        </p>
        <p className="compact-foot clip num">{a.addresses_text}</p>
      </div>
    </div>
  )
}

const idOf = (a: AssetRow) => a.id

const levelChoices = [{ value: '', label: 'All levels' }, ...levels.filter(Boolean).map((l) => ({ value: l, label: `${l} ${levelWord(l)}` }))]
const roleChoices = [{ value: '', label: 'All roles' }, ...roleNames.map((r) => ({ value: r, label: roleWord(r) }))]
const stateChoices = [
  { value: '', label: 'Known and new' },
  { value: 'known', label: 'Known' },
  { value: 'new', label: 'New: not there while learning' },
]

// AssetsRoom lists every device that was seen.
export function AssetsRoom() {
  const { search } = usePlace()
  const filter = {
    q: search.get('q') ?? '',
    level: search.get('level') ?? '',
    role: search.get('role') ?? '',
    state: search.get('state') ?? '',
  }
  const assets = useAssets(filter)
  const rows = useMemo(() => assets.data?.pages.flatMap((p) => p.assets) ?? [], [assets.data])
  const total = assets.data?.pages[0]?.total ?? 0
  const filtered = Object.values(filter).some(Boolean)
  const more = assets.hasNextPage && !assets.isFetchingNextPage ? () => void assets.fetchNextPage() : undefined
  return (
    <div className="room split">
      <div className="split-list">
        <header className="room-head">
          <h1>Assets</h1>
          <p className="room-count" role="status">
            {assets.data && `${count(total)} ${filtered ? 'match' : 'in all'}`}
          </p>
          <div className="filters">
            <SelectFilter name="level" label="Level" choices={levelChoices} />
            <SelectFilter name="role" label="Role" choices={roleChoices} />
            <SelectFilter name="state" label="Known or new" choices={stateChoices} />
            <TextFilter label="Filter assets by text" placeholder="Name, address, maker" />
          </div>
        </header>
        <Shown of={assets} what="assets">
          {() =>
            rows.length === 0 ? (
              <Empty icon={filtered ? 'search' : 'assets'} title={filtered ? 'No asset matches' : 'No asset so far'}>
                {filtered ? 'Take a filter away to see more.' : 'A device appears here with the first packet it sends.'}
              </Empty>
            ) : (
              <>
                <Behind room="assets" pages={assets.data?.pages.length ?? 0} />
                <List
                  label="Assets"
                  rows={rows}
                  total={total}
                  columns={columns}
                  compact={Compact}
                  idOf={idOf}
                  view={JSON.stringify(filter)}
                  onOpen={(a) => go(href(a.id))}
                  more={more}
                  compactBelow={58}
                  compactHeight={5.25}
                />
              </>
            )
          }
        </Shown>
      </div>
    </div>
  )
}

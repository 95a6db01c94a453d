import { useMemo } from 'react'
import type { Alert } from '../api'
import { Behind } from '../ui/behind'
import { useAlerts } from '../queries'
import { go, usePlace } from '../router'
import { useEscape } from '../shell/keys'
import { SelectFilter, TextFilter, ToggleFilter } from '../ui/filter'
import { List, type Column } from '../ui/list'
import { SeverityLabel, SeverityMark } from '../ui/marks'
import { Empty, Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { count, kindWord, severities, severityWord, splitSentence } from '../words'
import { AlertPane } from './alert'

const columns: Column<Alert>[] = [
  { name: 'Severity', width: '6.500rem', cell: (a) => <SeverityLabel severity={a.severity} done={a.acknowledged !== null} /> },
  { name: 'Traffic time', width: '10.500rem', cell: (a) => <TrafficTime time={a.time} bare /> },
  {
    name: 'What happened',
    width: 'minmax(20rem, 4fr)',
    cell: (a) => (
      <span className="two-lines" title={a.sentence}>
        {splitSentence(a.sentence).plain}
      </span>
    ),
  },
  { name: 'Kind', width: 'minmax(10rem, 1fr)', from: 78, cell: (a) => <span className="two-lines">{kindWord(a.kind)}</span> },
  { name: 'Client', width: 'minmax(7rem, 1fr)', cell: (a) => <End name={a.client_name} address={a.client?.ip ?? a.client?.mac ?? ''} /> },
  { name: 'Server', width: 'minmax(7rem, 1fr)', cell: (a) => <End name={a.server_name} address={a.server?.ip ?? a.server?.mac ?? ''} /> },
  { name: 'State', width: '7.500rem', from: 66, cell: (a) => (a.acknowledged ? <span className="dim">Acknowledged</span> : <span>Open</span>) },
]

function End({ name, address }: { name: string; address: string }) {
  if (!name && !address) return <span className="dim">–</span>
  return (
    <span className="two-rows">
      <span>{name || address}</span>
      {name && address && name !== address && <span className="dim num">{address}</span>}
    </span>
  )
}

function Compact(a: Alert) {
  return (
    <div className="compact-alert">
      <SeverityMark severity={a.severity} done={a.acknowledged !== null} size={20} />
      <div>
        <p className="two-lines">
          <span className="sr-only">{severityWord[a.severity]}: </span>
          {splitSentence(a.sentence).plain}
        </p>
        <p className="compact-foot">
          <TrafficTime time={a.time} />
          <span className="clip">{a.acknowledged ? 'Acknowledged' : kindWord(a.kind)}</span>
        </p>
      </div>
    </div>
  )
}

const idOf = (a: Alert) => a.id
const place = (id: string) => `/alerts${id ? '/' + encodeURIComponent(id) : ''}${window.location.search}`

// AlertsRoom lists all alerts, newest first, with the chosen one beside the list.
export function AlertsRoom({ id }: { id: string }) {
  const { search } = usePlace()
  const filter = {
    severity: search.get('severity') ?? '',
    state: search.get('state') ?? '',
    q: search.get('q') ?? '',
    kind: search.get('kind') ?? '',
    asset: search.get('asset') ?? '',
  }
  const alerts = useAlerts(filter)
  const rows = useMemo(() => alerts.data?.pages.flatMap((p) => p.alerts) ?? [], [alerts.data])
  const total = alerts.data?.pages[0]?.total ?? 0
  const filtered = Object.values(filter).some(Boolean)
  const more = alerts.hasNextPage && !alerts.isFetchingNextPage ? () => void alerts.fetchNextPage() : undefined
  useEscape(() => id && go(place('')))

  return (
    <div className={id ? 'room split has-pane' : 'room split'}>
      <div className="split-list">
        <header className="room-head">
          <h1>Alerts</h1>
          <p className="room-count" role="status">
            {alerts.data && `${count(total)} ${filtered ? 'match' : 'in all'}`}
          </p>
          <div className="filters">
            <ToggleFilter
              name="severity"
              label="Severity"
              choices={severities.map((s) => ({ value: s, label: <SeverityLabel severity={s} /> }))}
            />
            <SelectFilter name="state" label="State" choices={states} />
            <TextFilter label="Filter alerts by text" placeholder="Device, address, words" />
            {filter.asset && <button type="button" className="toggle" aria-pressed onClick={() => go('/alerts')}>One device only ×</button>}
          </div>
        </header>
        <Shown of={alerts} what="alerts">
          {() =>
            rows.length === 0 ? (
              <Empty icon={filtered ? 'search' : 'check'} title={filtered ? 'No alert matches' : 'No alert so far'}>
                {filtered ? 'Take a filter away to see more.' : 'When something happens that was not learned, it is told here.'}
              </Empty>
            ) : (
              <>
                <Behind room="alerts" pages={alerts.data?.pages.length ?? 0} />
                <List
                  label="Alerts"
                  rows={rows}
                  total={total}
                  columns={columns}
                  compact={Compact}
                  idOf={idOf}
                  selected={id}
                  view={JSON.stringify(filter)}
                  onOpen={(a) => go(place(a.id), id !== '')}
                  odd={(a) => (a.acknowledged ? 'done' : a.severity)}
                  more={more}
                  rowHeight={3.25}
                  compactHeight={5}
                  compactBelow={62}
                />
              </>
            )
          }
        </Shown>
      </div>
      {id && <AlertPane key={id} id={id} onClose={() => go(place(''))} />}
    </div>
  )
}

const states = [
  { value: '', label: 'All states' },
  { value: 'open', label: 'Open' },
  { value: 'acknowledged', label: 'Acknowledged' },
]

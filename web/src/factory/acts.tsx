import { useMemo, useState, type Ref } from 'react'
import type { Alert, SimAct, Simulation } from '../api'
import { Icon } from '../glyphs'
import { useNewestAlerts } from '../queries'
import { Link } from '../router'
import { parse, span } from '../time'
import { SeverityMark } from '../ui/marks'
import { TrafficTime } from '../ui/when'
import { classWord, plural, severityWord, splitSentence } from '../words'

const shownOver = 2 // acts that are over, until more are asked for

// ActsPanel shows each scenario that was started and, beside it, what was told
// since then: attack and detection side by side.
export function ActsPanel({ data, ref, toScenarios }: { data: Simulation; ref: Ref<HTMLElement>; toScenarios: () => void }) {
  const [all, setAll] = useState(false)
  const acts = data.acts ?? []
  const running = acts.filter((a) => !a.ended)
  const over = acts.filter((a) => a.ended)
  const shown = [...running, ...(all ? over : over.slice(0, shownOver))]
  const more = over.length - shownOver
  return (
    <section className="panel acts" aria-labelledby="acts" ref={ref} tabIndex={-1}>
      <div className="panel-head">
        <h2 id="acts">Under way</h2>
        <span className="dim" role="status">
          {running.length === 0 ? 'nothing at present' : plural(running.length, 'scenario')}
        </span>
        <button type="button" className="more" onClick={toScenarios}>
          To the scenarios
        </button>
      </div>
      {shown.length === 0 ? (
        <p className="quiet">
          <Icon name="play" size={18} /> Start a scenario: it appears here, and beside it what Firedoor tells of it.
        </p>
      ) : (
        <ul className="acts-list">
          {shown.map((act) => (
            <Act key={act.id} act={act} now={data.time} />
          ))}
        </ul>
      )}
      {more > 0 && (
        <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${more} more that are over`}
        </button>
      )}
    </section>
  )
}

function Act({ act, now }: { act: SimAct; now: string }) {
  const began = parse(act.began)
  const until = parse(act.ended || now)
  const lasted = began && until ? span(Math.max(0, until.getTime() - began.getTime())) : ''
  const hosts = act.hosts ?? []
  return (
    <li className={act.ended ? 'act over' : 'act'}>
      <div className="act-what">
        <p className="act-title">
          <strong>{act.title}</strong>
          <span className="tag">{classWord[act.class] ?? act.class}</span>
        </p>
        <p className="dim">
          {act.ended ? 'Over. From' : 'Since'} <TrafficTime time={act.began} short />
          {act.ended ? `, lasted ${lasted}` : `, for ${lasted}`} of the plant’s time
        </p>
        {hosts.length > 0 && (
          <p className="dim small act-hosts">
            Takes part: <span className="num">{hosts.slice(0, mostHosts).join(', ')}</span>
            {hosts.length > mostHosts && ` and ${hosts.length - mostHosts} more`}
          </p>
        )}
      </div>
      <Told act={act} />
    </li>
  )
}

const mostHosts = 6
const mostTold = 4 // alerts shown beside an act
const after = 5 * 60_000 // ms of the plant's time past the end in which an alert is still set beside an act

interface Since {
  alert: Alert
  later: number // ms after the beginning
  own: boolean // it names one of the hosts
}

// since gives the alerts of the time of an act: those that name one of its hosts
// first, then as they came.
function since(act: SimAct, alerts: Alert[]): Since[] {
  const began = parse(act.began)?.getTime()
  if (began === undefined) return []
  const ended = parse(act.ended)?.getTime()
  const hosts = new Set(act.hosts ?? [])
  const names = (a: Alert) =>
    [a.client?.ip, a.client?.mac, a.client_name, a.server?.ip, a.server?.mac, a.server_name].some((n) => n !== undefined && n !== '' && hosts.has(n))
  return alerts
    .map((alert) => ({ alert, later: (parse(alert.time)?.getTime() ?? -1) - began, own: names(alert) }))
    .filter(({ later }) => later >= 0 && (ended === undefined || later <= ended - began + after))
    .sort((a, b) => Number(b.own) - Number(a.own) || a.later - b.later || a.alert.id.localeCompare(b.alert.id))
}

function Told({ act }: { act: SimAct }) {
  const newest = useNewestAlerts()
  const told = useMemo(() => since(act, newest.data?.alerts ?? []), [act, newest.data])
  const own = told.filter((t) => t.own).length
  // Alerts older than those that were asked for are not looked at.
  const least = newest.data !== undefined && newest.data.total > newest.data.alerts.length && told.length === newest.data.alerts.length
  return (
    <div className="act-told">
      <p className="act-told-head">
        <span>
          {told.length === 0
            ? act.ended ? 'No alert in its time' : 'No alert so far'
            : `${least ? 'At least ' : ''}${plural(told.length, 'alert')} ${act.ended ? 'in its time' : 'since then'}${own > 0 && own < told.length ? `, ${own} of who takes part` : ''}`}
        </span>
        <Link href="/alerts">All alerts, newest first</Link>
      </p>
      {told.length > 0 && (
        <ol>
          {told.slice(0, mostTold).map(({ alert, later, own: names }) => (
            <li key={alert.id}>
              <Link className="told" href={`/alerts/${encodeURIComponent(alert.id)}`}>
                <SeverityMark severity={alert.severity} done={alert.acknowledged !== null} size={18} />
                <span className="two-lines">
                  <span className="sr-only">{severityWord[alert.severity]}: </span>
                  {splitSentence(alert.sentence).plain}
                </span>
                <span className="told-later num" title={`traffic time: ${alert.time}`}>
                  after {span(later)}
                  {!names && act.hosts?.length ? <span className="dim"> · others</span> : null}
                </span>
              </Link>
            </li>
          ))}
        </ol>
      )}
      {told.length > mostTold && <p className="dim small">and {told.length - mostTold} more</p>}
    </div>
  )
}

import type { Alert, Overview } from '../api'
import { Icon } from '../glyphs'
import { useJudged, useOverview } from '../queries'
import { Link } from '../router'
import { SeverityLabel, SeverityMark } from '../ui/marks'
import { Shown } from '../ui/states'
import { StageLine } from '../ui/stage'
import { TrafficTime } from '../ui/when'
import { count, kindWord, levels, levelWord, plural, severities, severityWord, splitSentence } from '../words'

// Overview: what needs a person, first; then how things stand.
export function OverviewRoom() {
  const overview = useOverview()
  return (
    <div className="room overview">
      <Shown of={overview} what="overview" rows={12}>
        {(data) => (
          <>
            {data.problem && (
              <p className="problem" role="alert">
                <SeverityMark severity="medium" size={20} /> The console does not show the latest: {data.problem}
              </p>
            )}
            <Headline data={data} />
            <div className={data.needs.length > 0 ? 'overview-grid' : 'overview-grid calm-grid'}>
              <Needs data={data} />
              <div className="overview-side">
                <StagePanel data={data} />
                <AlertsPanel data={data} />
                <SensorsPanel data={data} />
              </div>
              <div className="overview-side">
                <LevelsPanel data={data} />
                <NormalPanel data={data} />
              </div>
            </div>
          </>
        )}
      </Shown>
    </div>
  )
}

// headline says in one sentence whether a person is needed.
function headline(data: Overview): string {
  const { open } = data.alerts
  const pressing = open.high + open.medium
  if (pressing > 0) return `${plural(pressing, 'alert')} ${pressing === 1 ? 'needs' : 'need'} a person`
  if (data.sensors.total === 0) return 'No sensor has reported yet'
  if (data.stage === 'learning') return 'Learning what normal looks like'
  if (data.sensors.troubled > 0) return 'No alert is open, but not all of the plant is seen'
  return 'Nothing needs a person now'
}

function Headline({ data }: { data: Overview }) {
  const { open } = data.alerts
  const worst = open.high > 0 ? 'high' : open.medium > 0 ? 'medium' : null
  const judged = useJudged()
  return (
    <header className="headline">
      {worst ? <SeverityMark severity={worst} size={38} /> : <span className="calm"><Icon name={data.stage === 'learning' || data.sensors.total === 0 ? 'sensors' : 'check'} size={30} /></span>}
      <div>
        <h1>{headline(data)}</h1>
        <p>
          {open.high > 0 && <>{plural(open.high, 'of them is', 'of them are')} high. </>}
          {plural(data.assets.total, 'device')} on {plural(Object.keys(data.assets.levels).filter(Boolean).length, 'level')},{' '}
          {plural(data.conversations, 'conversation')}
          {judged && data.assets.new > 0 && <>, {plural(data.assets.new, 'device')} not there while learning</>}.
        </p>
      </div>
    </header>
  )
}

function Needs({ data }: { data: Overview }) {
  const { open } = data.alerts
  const all = open.high + open.medium + open.low + open.info
  return (
    <section className="panel needs" aria-labelledby="needs">
      <div className="panel-head">
        <h2 id="needs">What needs a person</h2>
        {all > 0 && <Link href="/alerts?state=open">All {count(all)} open</Link>}
      </div>
      {data.needs.length === 0 ? (
        <p className="quiet">
          <Icon name="check" size={18} /> {data.stage === 'learning' ? 'No alert is open: while learning, nothing is told.' : 'No alert is open.'} {data.alerts.total > 0 && `${plural(data.alerts.acknowledged, 'alert')} acknowledged.`}
        </p>
      ) : (
        <ol className="needs-list">
          {data.needs.map((alert) => (
            <li key={alert.id}>
              <Need alert={alert} />
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function Need({ alert }: { alert: Alert }) {
  const { plain, jargon } = splitSentence(alert.sentence)
  return (
    <Link className={`need ${alert.severity}`} href={`/alerts/${encodeURIComponent(alert.id)}`}>
      <SeverityMark severity={alert.severity} size={22} />
      <span className="need-body">
        <span className="need-sentence">
          <span className="sr-only">{severityWord[alert.severity]}: </span>
          {plain}
        </span>
        <span className="need-foot">
          <span>{kindWord(alert.kind)}</span>
          <TrafficTime time={alert.time} />
          {jargon && <span className="jargon">{jargon}</span>}
        </span>
      </span>
      <Icon name="right" size={16} />
    </Link>
  )
}

function StagePanel({ data }: { data: Overview }) {
  return (
    <section className="panel" aria-labelledby="stage">
      <div className="panel-head">
        <h2 id="stage">State of learning</h2>
        <Link href="/sensors">Sensors</Link>
      </div>
      <StageLine stage={data.stage} since={data.stage_since} until={data.stage_until} />
    </section>
  )
}

function AlertsPanel({ data }: { data: Overview }) {
  const { open, acknowledged, total } = data.alerts
  return (
    <section className="panel" aria-labelledby="open-alerts">
      <div className="panel-head">
        <h2 id="open-alerts">Open alerts</h2>
        <span className="dim">
          {count(acknowledged)} of {count(total)} acknowledged
        </span>
      </div>
      <ul className="severity-counts">
        {severities.map((s) => (
          <li key={s}>
            <Link href={`/alerts?severity=${s}&state=open`} className={open[s] > 0 ? 'severity-count' : 'severity-count none'}>
              <SeverityLabel severity={s} done={open[s] === 0} />
              <span className="big num">{count(open[s])}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function SensorsPanel({ data }: { data: Overview }) {
  const { total, running, troubled } = data.sensors
  return (
    <section className="panel" aria-labelledby="sight">
      <div className="panel-head">
        <h2 id="sight">Sight</h2>
        <Link href="/sensors">What is not seen</Link>
      </div>
      <dl className="figures">
        <Figure name="Sensors" value={total} />
        <Figure name="Running" value={running} />
        <Figure name="Troubled" value={troubled} odd={troubled > 0} />
      </dl>
    </section>
  )
}

// LevelsPanel draws how many devices are on each Purdue level, from top to bottom.
function LevelsPanel({ data }: { data: Overview }) {
  const judged = useJudged()
  const most = Math.max(1, ...Object.values(data.assets.levels))
  const shown = levels.filter((level) => (data.assets.levels[level] ?? 0) > 0)
  return (
    <section className="panel" aria-labelledby="levels">
      <div className="panel-head">
        <h2 id="levels">Devices by level</h2>
        <Link href="/map">Map</Link>
      </div>
      <ul className="ladder">
        {shown.map((level) => {
          const n = data.assets.levels[level] ?? 0
          return (
            <li key={level}>
              <Link href={level ? `/assets?level=${encodeURIComponent(level)}` : '/assets'}>
                <span className="ladder-level">{level || '?'}</span>
                <span className="ladder-name">{levelWord(level)}</span>
                <span className="ladder-bar" aria-hidden="true">
                  <span style={{ width: `${(100 * n) / most}%` }} />
                </span>
                <span className="num">{count(n)}</span>
              </Link>
            </li>
          )
        })}
      </ul>
      {shown.length === 0 && <p className="quiet">No device was seen so far.</p>}
      {judged && (
        <dl className="figures">
          <Figure name="Known" value={data.assets.known} />
          <Figure name="New" value={data.assets.new} odd={data.assets.new > 0} href="/assets?state=new" />
        </dl>
      )}
    </section>
  )
}

function NormalPanel({ data }: { data: Overview }) {
  const share = data.statements > 0 ? Math.round((100 * data.learned) / data.statements) : 0
  return (
    <section className="panel" aria-labelledby="normal">
      <div className="panel-head">
        <h2 id="normal">What is normal</h2>
      </div>
      <dl className="figures">
        <Figure name="Conversations" value={data.conversations} />
        <Figure name="Statements" value={data.statements} />
        <Figure name="Learned" value={data.learned} />
      </dl>
      <div className="meter" role="img" aria-label={`${share} % of the statements were learned`}>
        <span style={{ width: `${share}%` }} />
      </div>
      <p className="dim">A statement says who asks what of whom.{data.statements > 0 && ` ${share} % of those seen were learned${share < 100 ? '; the rest is new' : ''}.`}</p>
    </section>
  )
}

function Figure({ name, value, odd = false, href }: { name: string; value: number; odd?: boolean; href?: string }) {
  const text = (
    <>
      {odd && <SeverityMark severity="medium" size={14} />} {count(value)}
    </>
  )
  return (
    <div className={odd ? 'figure odd' : 'figure'}>
      <dt>{name}</dt>
      <dd className="num">{href && value > 0 ? <Link href={href}>{text}</Link> : text}</dd>
    </div>
  )
}

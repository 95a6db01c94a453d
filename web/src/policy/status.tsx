import type { Gateway, Isolation } from '../api'
import { Icon } from '../glyphs'
import { ago, parse, span } from '../time'
import { SeverityMark, Tag } from '../ui/marks'
import { WallTime } from '../ui/when'
import { count, plural } from '../words'

// StatusPanel says how the gateway is, and what happens when something breaks.
export function StatusPanel({ gateway: g, now }: { gateway: Gateway; now: string }) {
  const odd = troubles(g, now)
  const heard = g.heard_wall !== ''
  return (
    <section className={odd.length > 0 ? 'panel odd' : 'panel'} aria-labelledby="gateway-status">
      <div className="panel-head">
        <h2 id="gateway-status">Gateway {g.name}</h2>
        {g.away ? <Tag odd>{heard ? 'does not answer' : 'never heard'}</Tag> : <span className="dim">answers</span>}
      </div>
      {odd.length > 0 && (
        <ul className="blind policy-odd">
          {odd.map((text) => (
            <li key={text}>
              <SeverityMark severity="medium" size={18} />
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
      {heard && (
        <>
          <p className="policy-line">
            {g.away ? 'When it was last heard' : 'Now'}: between <code>{g.status.inside}</code> and <code>{g.status.outside}</code> under policy{' '}
            <strong>{g.status.policy || 'without a name'}</strong>. Worker {g.status.worker}. {frames(g)}
          </p>
          <dl className="policy-outlook">
            <div><dt>If the worker crashes</dt><dd>{g.status.on_crash || '–'}</dd></div>
            <div><dt>If it hangs</dt><dd>{g.status.on_hang || '–'}</dd></div>
            <div><dt>If power is lost</dt><dd>{g.status.on_power_loss || '–'}</dd></div>
          </dl>
          <p className="sensor-times">
            <span>
              Last heard <WallTime time={g.heard_wall} />
            </span>
          </p>
        </>
      )}
    </section>
  )
}

// troubles are what is not as it should be, as sentences.
function troubles(g: Gateway, now: string): string[] {
  const out: string[] = []
  if (g.away && !g.heard_wall) out.push(`Nobody has answered in ${g.folder} so far. Is the gateway running, and as the same user as this console?`)
  else if (g.away)
    out.push(`It has not answered for ${ago(g.heard_wall, parse(now))}. What is shown is what it said last. What the kernel judges by itself stays in force; nobody here knows more.`)
  if (g.problem) out.push(`${g.problem.charAt(0).toUpperCase()}${g.problem.slice(1)}.`)
  if (g.status.bypass) out.push('Bypass: everything passes, nothing is judged, until somebody ends it.')
  if (g.heard_wall && !g.away && g.status.worker !== 'alive' && g.status.worker !== '') out.push(`The worker is ${g.status.worker}: the kernel goes on by itself meanwhile.`)
  if (g.status.reports_lost > 0) out.push(`${plural(g.status.reports_lost, 'stop')} could not be told: they came faster than they could be written.`)
  if (g.status.unsent > 0) out.push(`${plural(g.status.unsent, 'frame')} found no room at a port and went no further.`)
  if (g.unread > 0) out.push(`${plural(g.unread, 'line')} of what it stopped could not be read here.`)
  return out
}

function frames(g: Gateway): string {
  const { kernel_in: came, kernel_explained: explained } = g.status
  if (came === 0) return 'No frame has come so far.'
  return `${plural(came, 'frame')} came, and of ${explained >= came ? 'each' : count(explained)} it is known what became.`
}

// IsolatedPanel lists what is isolated, and for how long.
export function IsolatedPanel({ gateway: g, now }: { gateway: Gateway; now: string }) {
  return (
    <section className="panel" aria-labelledby="isolated">
      <div className="panel-head">
        <h2 id="isolated">Isolated</h2>
        <span className="dim num">{g.isolations.length === 0 ? '' : count(g.isolations.length)}</span>
      </div>
      {g.isolations.length === 0 ? (
        <p className="quiet">
          <Icon name="check" size={18} /> Nothing is isolated.
        </p>
      ) : (
        <ul className="isolations">
          {g.isolations.map((i) => (
            <One key={i.id} isolation={i} now={now} />
          ))}
        </ul>
      )}
      <details className="commands">
        <summary>This page can only look. How to act</summary>
        <p className="hint">On the machine of the gateway, as the user it runs as. First with --preview: it says what everyday work would stop.</p>
        <pre tabIndex={0} aria-label="Commands">
          {`firedoor isolate NAME --verb no-write --for 30m --reason "why" --data ${g.folder}\n`}
          {`firedoor release NUMBER --data ${g.folder}\n`}
          {`firedoor reload --data ${g.folder}\n`}
          {`firedoor bypass --reason "why" --data ${g.folder}`}
        </pre>
      </details>
    </section>
  )
}

const verbMeaning: Record<string, string> = {
  'rate-cap': 'more requests than allowed are stopped',
  'known-clients-only': 'only clients that were known before may ask',
  'no-program': 'no programs, firmware or configuration',
  'no-write': 'nothing may be changed',
  quarantine: 'nothing passes',
}

function One({ isolation: i, now }: { isolation: Isolation; now: string }) {
  const until = parse(i.until_wall)
  const at = parse(now)
  const left = until && at ? until.getTime() - at.getTime() : 0
  const testing = i.state === 'testing'
  return (
    <li>
      <p className="isolation-what">
        <strong>{i.scope.replace(',', ' and ')}</strong> <Tag>{i.verb}</Tag> {testing && <Tag odd>being released</Tag>}
        <span className="isolation-left num">{left > 0 ? `${span(left)} left` : 'time is over'}</span>
      </p>
      <p className="dim small">
        {testing ? 'It stops nothing any more and only says what it still would.' : `${capital(verbMeaning[i.verb] ?? i.verb)}.`} Number {i.id}, by {i.by || 'nobody known'}
        {i.reason && <>: “{i.reason}”</>}. Until <WallTime time={i.until_wall} />
      </p>
    </li>
  )
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

import type { Gateway, Isolation } from '../api'
import { Icon } from '../glyphs'
import { ago, parse, span } from '../time'
import { SeverityMark, Tag } from '../ui/marks'
import { WallTime } from '../ui/when'
import { count, plural } from '../words'

// StateLine says how the gateway is, whatever else is looked at.
export function StateLine({ gateway: g, now }: { gateway: Gateway; now: string }) {
  const odd = troubles(g, now)
  const heard = g.heard_wall !== ''
  return (
    <section className={odd.length > 0 ? 'panel state-line odd' : 'panel state-line'} aria-label={`Gateway ${g.name}`}>
      <p className="policy-line">
        <strong>{g.name}</strong> {g.away && <Tag odd>{heard ? 'does not answer' : 'never heard'}</Tag>}
        {heard && (
          <>
            <span>
              between <code>{g.status.inside}</code> and <code>{g.status.outside}</code>
            </span>
            <span>worker {g.status.worker || 'not known'}</span>
            <span>{g.isolations.length === 0 ? 'nothing isolated' : `${count(g.isolations.length)} isolated`}</span>
            <span>{frames(g)}</span>
            <span className="dim">
              last heard <WallTime time={g.heard_wall} />
            </span>
          </>
        )}
      </p>
      {odd.length > 0 && (
        <ul className="blind">
          {odd.map((text) => (
            <li key={text}>
              <SeverityMark severity="medium" size={18} />
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

// OutlookPanel says what happens when something breaks, in the gateway's own words.
export function OutlookPanel({ gateway: g }: { gateway: Gateway }) {
  if (!g.heard_wall) return null
  return (
    <section className="panel" aria-labelledby="outlook">
      <div className="panel-head">
        <h2 id="outlook">When something breaks</h2>
      </div>
      <dl className="policy-outlook">
        <div><dt>If the worker crashes</dt><dd>{g.status.on_crash || '–'}</dd></div>
        <div><dt>If it hangs</dt><dd>{g.status.on_hang || '–'}</dd></div>
        <div><dt>Workers so far</dt><dd>{workers(g)}</dd></div>
        <div><dt>If power is lost</dt><dd>{g.status.on_power_loss || '–'}</dd></div>
      </dl>
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
  if (g.status.bypass_ended) out.push('A bypass ended that nobody ended, so the policy is in force. “firedoor bypass --off” says that this is known.')
  if (g.status.unapplied) out.push(`What was decided is NOT in force, and is tried again until it is: ${g.status.unapplied}.`)
  if (g.status.unwritten) out.push(`Not all of what is stopped is written down: ${g.status.unwritten}.`)
  if (g.heard_wall && !g.away && g.status.worker !== 'alive' && g.status.worker !== '') out.push(`The worker is ${g.status.worker}: the kernel goes on by itself meanwhile.`)
  if (g.barred.length > 0) out.push(`${plural(g.barred.length, 'client')} ${g.barred.length === 1 ? 'is' : 'are'} barred: workers died on ${g.barred.length === 1 ? 'its' : 'their'} frames. Only a person ends that; see below.`)
  if (g.shed.length > 0) out.push('Part of the traffic goes by the kernel’s floor for a while, because judging it took too long; see below.')
  if (g.status.reports_lost > 0) out.push(`${plural(g.status.reports_lost, 'stop')} could not be told: they came faster than they could be written.`)
  if (g.status.unsent > 0) out.push(`${plural(g.status.unsent, 'frame')} found no room at a port and went no further.`)
  if (g.unread > 0) out.push(`${plural(g.unread, 'line')} of what it stopped could not be read here.`)
  return out
}

// At work and standing by; each further worker took the place of another.
const seats = 2

function workers(g: Gateway): string {
  const more = g.status.workers_started - seats
  if (more <= 0) return 'None was replaced.'
  return `${plural(more, 'worker')} took the place of another that crashed, hung or was of an older version.`
}

function frames(g: Gateway): string {
  const { kernel_in: came, kernel_explained: explained } = g.status
  if (came === 0) return 'no frame so far'
  return `${plural(came, 'frame')}, ${explained >= came ? 'each' : count(explained)} accounted for`
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
          <Icon name={g.away ? 'minus' : 'check'} size={18} />{' '}
          {!g.heard_wall ? 'Nothing is known.' : g.away ? 'Nothing was when the gateway was last heard.' : 'Nothing is isolated.'}
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
  const pending = i.state === 'pending'
  let what = `${capital(verbMeaning[i.verb] ?? i.verb)}.`
  if (i.no_effect) what = `It does nothing: ${i.no_effect}.`
  else if (pending) what = 'It stops nothing until a second person confirms it.'
  else if (testing) what = 'It stops nothing any more and only says what it still would.'
  return (
    <li>
      <p className="isolation-what">
        <strong>{i.scope.replace(',', ' and ')}</strong> <Tag>{i.verb}</Tag> {testing && <Tag odd>being released</Tag>}
        {pending && <Tag odd>waits for a second person</Tag>} {i.no_effect && <Tag odd>no effect</Tag>}
        <span className="isolation-left num">{left > 0 ? `${span(left)} left` : 'time is over'}</span>
      </p>
      <p className="dim small">
        {what} Number {i.id}, by {i.by || 'nobody known'}
        {i.reason && <>: “{i.reason}”</>}. Until <WallTime time={i.until_wall} />
      </p>
    </li>
  )
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

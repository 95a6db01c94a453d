import { useState } from 'react'
import type { Conversation, Statement } from '../api'
import { Icon } from '../glyphs'
import { addressText, changing, count, nameOf, plural, statementSentence } from '../words'
import { useJudged } from '../queries'
import { NotLearnedTag } from './marks'
import { TrafficTime } from './when'

const firstShown = 60 // statements; the rest on demand

// Statements says what is asked in a conversation, each as a sentence.
export function Statements({ of }: { of: Conversation }) {
  const [all, setAll] = useState(false)
  const judged = useJudged()
  const statements = of.statements ?? []
  const client = nameOf(of.client_name, addressText(of.client), of.client_asset)
  const server = nameOf(of.server_name, of.server.ip ?? of.server.mac, of.server_asset)
  if (statements.length === 0) return <p className="quiet">{nothing(of)}</p>
  // What was not learned, and what changes things, is what a person came for.
  const sorted = [...statements].sort((a, b) => Number(a.learned) - Number(b.learned) || Number(changing.has(b.verb)) - Number(changing.has(a.verb)))
  const shown = all ? sorted : sorted.slice(0, firstShown)
  return (
    <>
      <ul className="statements">
        {shown.map((s, i) => (
          <li key={i} className={s.learned || !judged ? '' : 'odd'}>
            <StatementLine statement={s} client={client} server={server} protocol={s.protocol ?? of.protocol} />
          </li>
        ))}
      </ul>
      {shown.length < sorted.length && (
        <button type="button" className="more" onClick={() => setAll(true)}>
          Show all {count(sorted.length)} statements
        </button>
      )}
    </>
  )
}

function nothing(of: Conversation): string {
  if (of.encrypted > 0) return 'The session is encrypted: who speaks is known, what is said is not.'
  if (of.samples > 0) return `${plural(of.samples, 'sample')} of process data, sent without being asked for.`
  return 'Nothing is asked here that says what for: only packets.'
}

interface LineProps {
  statement: Statement
  client: string
  server: string
  protocol: string
}

function StatementLine({ statement: s, client, server, protocol }: LineProps) {
  const { before, object, after } = statementSentence(s, client, server)
  return (
    <>
      <p className="statement">
        {changing.has(s.verb) && (
          <span title="It changes the device">
            <Icon name="pen" size={14} />
          </span>
        )}
        <span>
          {before} {object && <code>{object}</code>} {after}
          {s.written && s.written.length > 0 && <span>, values {rangeOf(s)}</span>}
        </span>
        <NotLearnedTag learned={s.learned} />
      </p>
      <p className="statement-foot">
        <span>
          {protocol} {s.function} <span className="num">({s.code})</span>
        </span>
        <span className="num">{count(s.count)}×</span>
        {s.errors > 0 && <span className="num">{plural(s.errors, 'error')}</span>}
        {s.no_response > 0 && <span className="num">{count(s.no_response)} unanswered</span>}
        <span>
          last <TrafficTime time={s.last} />
        </span>
      </p>
    </>
  )
}

function rangeOf(s: Statement): string {
  const number = (n: number) => n.toLocaleString('en', { maximumFractionDigits: 3, useGrouping: false })
  return (s.written ?? []).map((r) => (r.min === r.max ? number(r.min) : `${number(r.min)} to ${number(r.max)}`)).join('; ')
}

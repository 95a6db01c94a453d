import { useState } from 'react'
import type { Conduit, Gateway, PolicyRule, StopReason, Times } from '../api'
import { Icon } from '../glyphs'
import { ago, parse } from '../time'
import { Tag } from '../ui/marks'
import { count, modeMeaning, plural } from '../words'

// unjudged says what becomes of what cannot be judged in time.
const unjudged: Record<Conduit['unjudged'], string> = {
  reads: 'is dropped where it may change something; plain reads pass',
  open: 'passes',
  closed: 'is dropped',
}

// RulesPanel says the policy in sentences, conduit by conduit.
export function RulesPanel({ gateway: g, now }: { gateway: Gateway; now: string }) {
  const p = g.policy
  if (!p.known) {
    return (
      <section className="panel">
        <p className="quiet">
          <Icon name="unplugged" size={18} /> The gateway has not told its policy so far.
        </p>
      </section>
    )
  }
  return (
    <>
      {p.conduits.map((c) => (
        <ConduitPanel key={c.name} conduit={c} now={now} />
      ))}
      <section className="panel" aria-labelledby="elsewhere">
        <div className="panel-head">
          <h2 id="elsewhere">Everywhere else</h2>
        </div>
        <p>{p.otherwise} Within a zone everything passes.</p>
        <Reasons list={p.reasons} now={now} />
        {p.zones.length > 0 && (
          <>
            <h3>Zones</h3>
            <ul className="zones">
              {p.zones.map((z) => (
                <li key={z.name}>
                  <strong>{z.name}</strong>
                  <span className="dim">
                    {[z.level, z.addresses, z.hosts > 0 && plural(z.hosts, 'device') + ' by name', z.target > 0 && `SL-T ${z.target}`, z.at && `at the ${z.at} of the gateway`].filter(Boolean).join(' · ')}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {p.left_out > 0 && <p className="hint">{plural(p.left_out, 'rule')} found no room here: firedoor policy explain says all of them.</p>}
      </section>
    </>
  )
}

const shownRules = 25 // of a conduit, until more are asked for

function ConduitPanel({ conduit: c, now }: { conduit: Conduit; now: string }) {
  const [all, setAll] = useState(false)
  const never = c.rules.filter((r) => r.never_block)
  const rules = c.rules.filter((r) => !r.never_block)
  const id = `conduit-${c.name}`
  return (
    <section className="panel conduit" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>
          {c.name} <span className="conduit-ends">{c.from} <Icon name="arrow" size={14} /><span className="sr-only"> to </span> {c.to}</span>
        </h2>
        <span className={`mode ${c.mode}`} title={modeMeaning[c.mode]}>{c.mode}</span>
        <span className="dim conduit-mode">{modeMeaning[c.mode]}</span>
      </div>
      {never.length > 0 && (
        <>
          <h3>Never blocked</h3>
          <ul className="rules">
            {never.map((r) => (
              <Rule key={r.id + r.line} rule={r} now={now} />
            ))}
          </ul>
        </>
      )}
      <h3>Rules, the first that matches decides</h3>
      <ol className="rules">
        {(all ? rules : rules.slice(0, shownRules)).map((r) => (
          <Rule key={r.id + r.line} rule={r} now={now} />
        ))}
        <li>
          <span className="rule-sentence">What no rule matches: {c.default}.</span>
        </li>
      </ol>
      {rules.length > shownRules && (
        <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${count(rules.length - shownRules)} more rules`}
        </button>
      )}
      <Reasons list={c.reasons} now={now} />
      <p className="hint">
        {c.reviewed_by ? `What must never be blocked was reviewed by ${c.reviewed_by} on ${c.reviewed_on}.` : 'Nobody has reviewed yet what must never be blocked, so it cannot be enforced.'}{' '}
        What cannot be judged in time {unjudged[c.unjudged]}.
      </p>
    </section>
  )
}

function Rule({ rule: r, now }: { rule: PolicyRule; now: string }) {
  return (
    <li>
      <span className="rule-sentence">
        {r.sentence} {r.name && <Tag>{r.name}</Tag>}
      </span>
      <span className="dim small rule-foot">
        {r.line > 0 && <span>line {r.line}</span>}
        <Counted of={r} now={now} />
      </span>
    </li>
  )
}

function Reasons({ list, now }: { list: StopReason[]; now: string }) {
  if (list.length === 0) return null
  return (
    <>
      <h3>Stopped without a rule</h3>
      <ul className="rules">
        {list.map((r) => (
          <li key={r.reason}>
            <span className="rule-sentence">{r.sentence.charAt(0).toUpperCase() + r.sentence.slice(1)}.</span>
            <span className="dim small rule-foot">
              <Counted of={r} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

function Counted({ of, now }: { of: Times; now: string }) {
  if (of.stopped + of.tested === 0) return null
  const parts = [of.stopped > 0 && `stopped ${count(of.stopped)}`, of.tested > 0 && `would have stopped ${count(of.tested)}`].filter(Boolean)
  const last = ago(of.last_wall, parse(now))
  return (
    <span className="rule-count num">
      {parts.join(', ')}
      {last && `; last ${last} ago`}
    </span>
  )
}

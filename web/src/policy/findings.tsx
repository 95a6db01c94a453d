import { useState } from 'react'
import type { Finding, Gateway } from '../api'
import { Icon } from '../glyphs'
import { Link } from '../router'
import { ago, parse } from '../time'
import { Tag } from '../ui/marks'
import { WallTime } from '../ui/when'
import { count, plural } from '../words'

type Which = 'all' | 'test' | 'stopped'

const choices: { value: Which; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'test', label: 'Would have stopped' },
  { value: 'stopped', label: 'Stopped' },
]

// FindingsPanel says in sentences what was stopped or would have been, by kind.
export function FindingsPanel({ gateway: g, now }: { gateway: Gateway; now: string }) {
  const [which, setWhich] = useState<Which>('all')
  const shown = g.findings.filter((f) => which === 'all' || f.test === (which === 'test'))
  return (
    <section className="panel" aria-labelledby="findings">
      <div className="panel-head policy-head">
        <h2 id="findings">What met the policy and did not fit</h2>
        <p className="dim" role="status">
          {count(g.stopped)} stopped, {count(g.tested)} would have been, since <WallTime time={g.since_wall} />
        </p>
        <div className="toggles" role="group" aria-label="Findings">
          {choices.map((c) => (
            <button key={c.value} type="button" className="toggle" aria-pressed={which === c.value} onClick={() => setWhich(c.value)}>
              {c.label}
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 ? (
        <Calm gateway={g} />
      ) : (
        <ul className="findings">
          {shown.map((f) => (
            <One key={JSON.stringify([f.test, f.says, f.sentence.replace(/^\D*[\d,]+/, ''), f.why, f.first_wall])} finding={f} now={now} gateway={g.name} />
          ))}
        </ul>
      )}
      {g.more_findings > 0 && <p className="hint">{plural(g.more_findings, 'more kind')}, met longer ago. Stops has the newest of all.</p>}
      {g.unsorted > 0 && <p className="hint">{count(g.unsorted)} more are counted in the sums and their rules only: there are too many kinds.</p>}
    </section>
  )
}

// Calm says why there is nothing to list: only what is known to fit is said to fit.
function Calm({ gateway: g }: { gateway: Gateway }) {
  const observing = g.policy.conduits.filter((c) => c.mode === 'observe').length
  let text = 'Everything so far fitted the policy.'
  if (g.findings.length > 0) text = 'Nothing of this sort.'
  else if (!g.heard_wall) text = 'Nothing is known: the gateway was never heard.'
  else if (g.problem) text = 'Nothing is known for certain: see above.'
  else if (observing > 0) text = `Nothing was told. ${plural(observing, 'conduit')} in mode observe only ${observing === 1 ? 'counts' : 'count'} and ${observing === 1 ? 'tells' : 'tell'} nothing.`
  else if (g.away) text = 'Everything fitted the policy until the gateway was last heard.'
  const sure = g.heard_wall !== '' && !g.away && !g.problem && observing === 0
  return (
    <p className="quiet">
      <Icon name={sure ? 'check' : 'minus'} size={18} /> {text}
    </p>
  )
}

function One({ finding: f, now, gateway }: { finding: Finding; now: string; gateway: string }) {
  const search = new URLSearchParams({ view: 'stops', gateway })
  if (f.conduit) search.set('conduit', f.conduit)
  if (f.rule) search.set('rule', f.rule)
  const last = ago(f.last_wall, parse(now))
  return (
    <li className={f.test ? 'finding test' : 'finding'}>
      <p className="finding-sentence">
        {f.sentence} <Tag>{f.test ? 'test' : f.says}</Tag>
      </p>
      <p className="dim small finding-foot">
        <span>Last {last ? `${last} ago` : ''}</span>
        <WallTime time={f.last_wall} />
        <span>by {f.why}</span>
        <Link href={`/policy?${search.toString()}`}>Single stops</Link>
      </p>
    </li>
  )
}

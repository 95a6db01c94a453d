import type { Gateway } from '../api'
import { FindingsPanel } from '../policy/findings'
import { FloorPanel } from '../policy/floor'
import { RulesPanel } from '../policy/rules'
import { IsolatedPanel, OutlookPanel, StateLine } from '../policy/status'
import { StopsPanel } from '../policy/stops'
import { WhatIfPanel } from '../policy/whatif'
import { usePolicies } from '../queries'
import { useSearch } from '../router'
import { Empty, Shown } from '../ui/states'
import { count, plural } from '../words'

const views = [
  { value: '', label: 'Findings' },
  { value: 'rules', label: 'Rules' },
  { value: 'stops', label: 'Stops' },
  { value: 'whatif', label: 'What if' },
]

// PolicyRoom shows the gateways: what they let pass, what they stopped, and what
// another policy would stop. It can only be looked at.
export function PolicyRoom() {
  const policies = usePolicies()
  return (
    <div className="room page policy">
      <Shown of={policies} what="policy" rows={12}>
        {(data) => (data.gateways.length === 0 ? <NoGateway /> : <Gateways all={data.gateways} now={data.wall_time} />)}
      </Shown>
    </div>
  )
}

function Gateways({ all, now }: { all: Gateway[]; now: string }) {
  const [name, choose] = useSearch('gateway')
  const [view, turn] = useSearch('view')
  const gateway = all.find((g) => g.name === name) ?? all[0]
  if (!gateway) return null
  return (
    <>
      <header className="room-head">
        <h1>Policy</h1>
        <p className="room-count">{all.length > 1 ? plural(all.length, 'gateway') : gateway.policy.name}</p>
        {all.length > 1 && (
          <div className="toggles" role="group" aria-label="Gateway">
            {all.map((g) => (
              <button key={g.name} type="button" className="toggle" aria-pressed={g === gateway} onClick={() => choose(g.name)}>
                {g.name}
              </button>
            ))}
          </div>
        )}
      </header>
      <StateLine gateway={gateway} now={now} />
      <div className="toggles policy-views" role="group" aria-label="What is shown">
        {views.map((v) => (
          <button key={v.value} type="button" className="toggle" aria-pressed={view === v.value} onClick={() => turn(v.value)}>
            {v.label}
            {v.value === '' && gateway.findings.length > 0 && <span className="num toggle-count"> {count(gateway.findings.length + gateway.more_findings)}</span>}
          </button>
        ))}
      </div>
      {view === '' && (
        <div className="policy-grid">
          <FindingsPanel gateway={gateway} now={now} />
          <div className="policy-side">
            <FloorPanel gateway={gateway} now={now} />
            <IsolatedPanel gateway={gateway} now={now} />
            <OutlookPanel gateway={gateway} />
          </div>
        </div>
      )}
      {view === 'rules' && <RulesPanel gateway={gateway} now={now} />}
      {view === 'stops' && <StopsPanel gateway={gateway} />}
      {view === 'whatif' && <WhatIfPanel gateways={all} />}
    </>
  )
}

// NoGateway says how to connect one; policies can be tried without it.
function NoGateway() {
  return (
    <>
      <header className="room-head">
        <h1>Policy</h1>
      </header>
      <Empty icon="door" title="This console shows no gateway">
        A gateway stands between two ports and lets pass what its policy says. Start one on this machine, then start this console with its data folder:{' '}
        <code>firedoor run --gateway DIR</code>, or <code>console.gateways</code> in its configuration. Both must run as the same user.
      </Empty>
      <WhatIfPanel gateways={[]} />
    </>
  )
}

import { useRef } from 'react'
import type { Session, Simulation } from '../api'
import { ActsPanel } from '../factory/acts'
import { Cells } from '../factory/cells'
import { Chart } from '../factory/chart'
import { choose } from '../factory/chosen'
import { EventsPanel } from '../factory/events'
import { ScenariosPanel } from '../factory/scenarios'
import { Icon } from '../glyphs'
import { useSimulation } from '../queries'
import { usePlace } from '../router'
import { useEscape } from '../shell/keys'
import { Tag } from '../ui/marks'
import { Shown } from '../ui/states'
import { TrafficTime } from '../ui/when'
import { count } from '../words'

// FactoryRoom shows the simulated plant: what it makes, what is played in it, and
// beside that what was told of it.
export function FactoryRoom({ session }: { session: Session }) {
  const simulation = useSimulation()
  const { search } = usePlace()
  const controller = search.get('controller') ?? ''
  const tag = search.get('tag') ?? ''
  const open = controller !== '' && tag !== ''
  const acts = useRef<HTMLElement>(null)
  const scenarios = useRef<HTMLElement>(null)
  const close = () => choose(null)
  useEscape(() => open && close())
  return (
    <div className={open ? 'room page factory has-chart' : 'room page factory'}>
      <Shown of={simulation} what="simulated plant" rows={12}>
        {(data) => (
          <>
            <Top data={data} />
            <div className="factory-body">
              <div className="factory-main">
                <ActsPanel data={data} ref={acts} toScenarios={() => scenarios.current?.focus()} />
                <Cells cells={data.cells ?? []} controller={controller} tag={tag} />
              </div>
              <div className="factory-side">
                <ScenariosPanel data={data} session={session} ref={scenarios} begun={() => acts.current?.focus()} />
                <EventsPanel events={data.events ?? []} />
              </div>
            </div>
          </>
        )}
      </Shown>
      {open && <Chart key={`${controller} ${tag}`} controller={controller} tag={tag} onClose={close} />}
    </div>
  )
}

function Top({ data }: { data: Simulation }) {
  return (
    <header className="factory-top">
      <div className="factory-title">
        <h1>Factory</h1>
        <Tag>simulated</Tag>
      </div>
      <dl className="figures">
        <div className="figure">
          <dt>Plant’s time</dt>
          <dd>
            <TrafficTime time={data.time} bare />
          </dd>
        </div>
        <div className="figure">
          <dt>Speed</dt>
          <dd className="num">{data.running ? speed(data.speed) : <Still />}</dd>
        </div>
        <div className="figure">
          <dt>Good in the last hour</dt>
          <dd className="num">{count(data.good_per_hour)}</dd>
        </div>
        <div className="figure">
          <dt>Good in all</dt>
          <dd className="num">{count(data.good)}</dd>
        </div>
        <div className="figure">
          <dt>Refused</dt>
          <dd className="num">
            {count(data.bad)} <span className="figure-share">{share(data)}</span>
          </dd>
        </div>
      </dl>
    </header>
  )
}

const Still = () => (
  <span className="odd-value">
    <Icon name="pause" size={16} /> stands still
  </span>
)

function speed(times: number): string {
  if (Math.abs(times - 1) < 0.05) return 'real time'
  return `${times < 10 ? Number(times.toFixed(1)) : count(Math.round(times))} × real time`
}

function share({ good, bad }: Simulation): string {
  const all = good + bad
  return all > 0 ? `${((100 * bad) / all).toFixed(1)} %` : ''
}


import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Icon } from '../glyphs'
import { useLive } from '../live'
import { useOverview, useSession } from '../queries'
import { Link } from '../router'
import { clockOf, dayOf, parse, span, zoneOf } from '../time'

// Bar is the head of every page: the site, the two clocks, and the settings.
export function Bar({ onHelp }: { onHelp: () => void }) {
  const { data } = useOverview()
  return (
    <header className="bar">
      <Link href="/" className="brand">
        <Door />
        <span className="brand-name">Firedoor</span>
        {data?.site && <span className="brand-site">{data.site}</span>}
        <span className="sr-only">, to the overview</span>
      </Link>
      <Clocks traffic={data?.traffic_time} wall={data?.wall_time} />
      <Line />
      <div className="bar-actions">
        <SchemeMenu />
        <ActionIcon className="bar-keys" variant="subtle" color="gray" size="lg" aria-label="Keyboard help" title="Keyboard help (?)" onClick={onHelp}>
          <Icon name="keyboard" size={20} />
        </ActionIcon>
      </div>
    </header>
  )
}

function Door() {
  return (
    <svg className="door" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M9 27V6h14v21M4 27h24" fill="none" stroke="currentColor" strokeWidth="2.200" strokeLinecap="round" />
      <path d="M9 6l9 3.200V30l-9-3z" fill="currentColor" />
    </svg>
  )
}

const farApart = 60_000 // ms between the clocks from which the difference is said

// Clocks shows both clocks side by side. The wall clock is the server's, carried
// on by this page between two answers.
function Clocks({ traffic, wall }: { traffic: string | undefined; wall: string | undefined }) {
  const [offset, setOffset] = useState<number | null>(null)
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const at = parse(wall)
    if (at) setOffset(at.getTime() - Date.now())
  }, [wall])
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const wallAt = offset === null ? null : new Date(now + offset)
  const trafficAt = parse(traffic)
  const { data: session } = useSession()
  const behind = wallAt && trafficAt ? wallAt.getTime() - trafficAt.getTime() : 0
  // A simulated plant lives in a time of its own: it is not late.
  const apart = session?.simulation ? 'simulated' : behind > farApart && `${span(behind)} behind`
  return (
    <dl className="clocks">
      <div title="Traffic time: the time of the latest packet. Everything on this page that happened in the plant is told in it.">
        <dt>
          <Icon name="traffic" size={14} /> Traffic
        </dt>
        <dd>
          {trafficAt ? <Face at={trafficAt} /> : '–'}
          {apart && <span className="clock-note">{apart}</span>}
        </dd>
      </div>
      <div className="clock-wall" title="Wall time: the clock of the console">
        <dt>
          <Icon name="wall" size={14} /> Wall
        </dt>
        <dd>{wallAt ? <Face at={wallAt} zone /> : '–'}</dd>
      </div>
    </dl>
  )
}

function Face({ at, zone = false }: { at: Date; zone?: boolean }) {
  return (
    <time dateTime={at.toISOString()}>
      <span className="clock-day">{dayOf(at)} </span>
      <span className="num">{clockOf(at)}</span>
      {zone && <span className="clock-zone"> {zoneOf(at)}</span>}
    </time>
  )
}

function Line() {
  const { state } = useLive()
  const words = { open: 'Live', connecting: 'Connecting', lost: 'Not connected' }[state]
  return (
    <span className={`line ${state}`} title={`Live updates: ${words.toLowerCase()}`}>
      <span className="line-dot" aria-hidden="true" />
      <span className="line-word">{words}</span>
    </span>
  )
}

const schemes = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Light or dark" title="Light or dark">
          <Icon name={colorScheme === 'dark' ? 'moon' : 'sun'} size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map((s) => (
          <Menu.Item
            key={s.value}
            onClick={() => setColorScheme(s.value)}
            rightSection={colorScheme === s.value ? <Icon name="check" size={14} /> : null}
          >
            {s.label}
            {colorScheme === s.value && <span className="sr-only">, chosen</span>}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

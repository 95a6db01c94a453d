import { Icon } from '../glyphs'
import { useOverview, usePolicies } from '../queries'
import { Link, type Place } from '../router'
import { count } from '../words'
import { SeverityMark } from '../ui/marks'
import { useRooms } from './keys'

// Nav leads to the rooms: a column at the left, on a phone a bar at the bottom.
export function Nav({ place }: { place: Place }) {
  const here = `/${place.parts[0] ?? ''}`
  const rooms = useRooms()
  return (
    <nav className="nav" aria-label="Rooms">
      {rooms.map((room) => (
        <Link key={room.key} href={room.path} className="nav-link" aria-current={here === room.path ? 'page' : undefined} title={`${room.name} (g ${room.key})`}>
          <Icon name={room.icon} size={20} />
          <span className="nav-name">{room.name}</span>
          <Remark path={room.path} />
        </Link>
      ))}
    </nav>
  )
}

// Remark says next to a room that something there is not as it should be.
function Remark({ path }: { path: string }) {
  const { data } = useOverview()
  if (path === '/policy') return <PolicyRemark />
  if (!data) return null
  const { open } = data.alerts
  if (path === '/alerts') {
    const worst = open.high > 0 ? 'high' : open.medium > 0 ? 'medium' : null
    if (!worst) return null
    return (
      <span className="nav-remark">
        <SeverityMark severity={worst} size={14} />
        <span className="num">{count(open.high + open.medium)}</span>
        <span className="sr-only"> open, high or medium</span>
      </span>
    )
  }
  if (path === '/sensors' && data.sensors.troubled > 0) {
    return (
      <span className="nav-remark">
        <SeverityMark severity="medium" size={14} />
        <span className="num">{data.sensors.troubled}</span>
        <span className="sr-only"> troubled</span>
      </span>
    )
  }
  return null
}

// PolicyRemark tells of gateways that let everything pass, or do not answer.
function PolicyRemark() {
  const { data } = usePolicies(10_000)
  const odd = (data?.gateways ?? []).filter((g) => g.away || g.status.bypass || g.problem !== '').length
  if (odd === 0) return null
  return (
    <span className="nav-remark">
      <SeverityMark severity="medium" size={14} />
      <span className="num">{odd}</span>
      <span className="sr-only"> not as it should be</span>
    </span>
  )
}

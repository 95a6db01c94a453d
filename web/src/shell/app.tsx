import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { follow } from '../live'
import { useSession } from '../queries'
import { Link, usePlace, type Place } from '../router'
import { AlertsRoom } from '../rooms/alerts'
import { AssetRoom } from '../rooms/asset'
import { AssetsRoom } from '../rooms/assets'
import { ConversationRoom } from '../rooms/conversation'
import { OverviewRoom } from '../rooms/overview'
import { PolicyRoom } from '../rooms/policy'
import { SensorsRoom } from '../rooms/sensors'
import { Empty, Loading, Shown } from '../ui/states'
import { Bar } from './bar'
import { LostBanner, NewsNote } from './banner'
import { Help } from './help'
import { rooms, useRoomKeys } from './keys'
import { Nav } from './nav'

// The map and the factory bring their own drawing libraries: they are fetched when
// somebody walks in.
const MapRoom = lazy(() => import('../rooms/map').then((m) => ({ default: m.MapRoom })))
const FactoryRoom = lazy(() => import('../rooms/factory').then((m) => ({ default: m.FactoryRoom })))

export function App() {
  const client = useQueryClient()
  useEffect(() => follow(client), [client])
  const [help, setHelp] = useState(false)
  useRoomKeys(useCallback(() => setHelp(true), []))
  const place = usePlace()
  const main = useRef<HTMLElement>(null)
  useTitle(place, main)

  return (
    <div className="app">
      <a className="skip" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <Bar onHelp={() => setHelp(true)} />
      <Nav place={place} />
      <main id="main" className="main" ref={main} tabIndex={-1}>
        <LostBanner />
        <Room place={place} />
      </main>
      <NewsNote />
      <Help opened={help} onClose={() => setHelp(false)} />
    </div>
  )
}

function skipTo(event: React.MouseEvent, main: HTMLElement | null) {
  event.preventDefault()
  main?.focus()
}

// useTitle names the page after the room, and moves the focus there when the
// room changes, so that a screen reader tells where one is.
function useTitle(place: Place, main: React.RefObject<HTMLElement | null>) {
  const room = rooms.find((r) => r.path === `/${place.parts[0] ?? ''}`)?.name ?? (place.parts[0] === 'conversations' ? 'Conversation' : 'Not found')
  const first = useRef(true)
  useEffect(() => {
    document.title = `${room} · Firedoor`
    if (first.current) {
      first.current = false
      return
    }
    main.current?.focus({ preventScroll: true })
  }, [room, main])
}

function Room({ place }: { place: Place }) {
  const [room, id, extra] = place.parts
  if (extra !== undefined) return <NotFound />
  switch (room) {
    case undefined:
      return <OverviewRoom />
    case 'alerts':
      return <AlertsRoom id={id ?? ''} />
    case 'assets':
      return id ? <AssetRoom key={id} id={id} /> : <AssetsRoom />
    case 'conversations':
      return id ? <ConversationRoom key={id} id={id} /> : <NotFound />
    case 'policy':
      return id ? <NotFound /> : <PolicyRoom />
    case 'sensors':
      return <SensorsRoom />
    case 'map':
      return (
        <Suspense fallback={<Loading label="map" />}>
          <MapRoom />
        </Suspense>
      )
    case 'factory':
      return id ? <NotFound /> : <Factory />
    default:
      return <NotFound />
  }
}

// Factory is a room only where a plant is simulated.
function Factory() {
  const session = useSession()
  if (!session.data) return <Shown of={session} what="session">{() => null}</Shown>
  if (!session.data.simulation) return <NotFound />
  return (
    <Suspense fallback={<Loading label="factory" />}>
      <FactoryRoom session={session.data} />
    </Suspense>
  )
}

function NotFound() {
  return (
    <Empty icon="search" title="There is no such room">
      <Link href="/">Back to the overview</Link>
    </Empty>
  )
}

import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Severity } from './api'

// Live updates: what the server says over /api/stream marks the rooms it touches
// as out of date. The page never folds events itself: the API stays the one truth.

export interface News {
  id: string
  severity: Severity
  sentence: string
}

export interface LiveState {
  state: 'connecting' | 'open' | 'lost'
  since: number // wall clock of this page, ms: when the state began
  news: News | null // the latest alert since the page was opened
  behind: string[] // rooms of which a long list on the screen is out of date
}

const touches: Record<string, string[]> = {
  alert: ['overview', 'alerts', 'map'],
  acknowledged: ['overview', 'alerts', 'map'],
  asset: ['overview', 'assets', 'map'],
  conversation: ['overview', 'conversations', 'map'],
  sensor: ['overview', 'sensors'],
  points: ['points'],
  programs: ['programs'],
  many: ['overview', 'alerts', 'assets', 'conversations', 'map', 'sensors', 'points', 'programs'],
}

// How often a room is asked again at most, ms. The first event counts at once:
// an alert must not wait for a clock.
const pace: Record<string, number> = {
  overview: 1000, alerts: 1000, sensors: 2000, assets: 3000, conversations: 3000, map: 3000, points: 3000, programs: 3000,
}

const silence = 45_000 // ms without a ping, where pings are sent, until the line counts as dead
const unseen = 20_000 // ms a hidden page stays connected: a browser has few lines to one server, and pages in front need them
const maxWait = 10_000 // ms between two tries to connect, at most

let current: LiveState = { state: 'connecting', since: Date.now(), news: null, behind: [] }
const listeners = new Set<() => void>()

function set(change: Partial<LiveState>) {
  current = { ...current, ...change }
  for (const listener of listeners) listener()
}

function enter(state: LiveState['state']) {
  if (state !== current.state) set({ state, since: Date.now() })
}

export function useLive(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

export function dismissNews() {
  set({ news: null })
}

// A list of which more pages were loaded is not asked for again by itself: rows
// would jump under the cursor, and every page would have to come anew.
export const mostPages = 2

const isLong = (query: Query) => ((query.state.data as InfiniteData<unknown> | undefined)?.pages?.length ?? 0) > mostPages

function invalidate(client: QueryClient, room: string) {
  void client.invalidateQueries({ queryKey: [room], predicate: (query) => !isLong(query) })
  const long = client.getQueryCache().findAll({ queryKey: [room], type: 'active' }).some(isLong)
  if (long && !current.behind.includes(room)) set({ behind: [...current.behind, room] })
}

// catchUp loads a long list anew, from its first page.
export function catchUp(client: QueryClient, room: string) {
  set({ behind: current.behind.filter((r) => r !== room) })
  void client.resetQueries({ queryKey: [room] })
}

// paced gives a function that marks a room as out of date: at once, and then at
// most once in the room's pace.
function paced(client: QueryClient) {
  const last = new Map<string, number>()
  const waiting = new Set<string>()
  const mark = (room: string) => {
    last.set(room, Date.now())
    invalidate(client, room)
  }
  return (room: string) => {
    const left = (last.get(room) ?? 0) + (pace[room] ?? 1000) - Date.now()
    if (left <= 0) return mark(room)
    if (waiting.has(room)) return
    waiting.add(room)
    setTimeout(() => {
      waiting.delete(room)
      mark(room)
    }, left)
  }
}

// follow connects to the stream and keeps doing so; the function it returns ends it.
export function follow(client: QueryClient): () => void {
  const touch = paced(client)
  let source: EventSource | null = null
  let timer = 0
  let watch = 0
  let tries = 0

  const again = () => {
    window.clearTimeout(watch)
    source?.close()
    enter('lost')
    window.clearTimeout(timer)
    timer = window.setTimeout(connect, Math.min(maxWait, 500 * 2 ** tries++))
  }
  const alive = () => {
    const wasLost = current.state === 'lost'
    tries = 0
    enter('open')
    if (wasLost) for (const room of [...Object.keys(pace), 'session']) invalidate(client, room)
  }
  const connect = () => {
    const stream = new EventSource('/api/stream')
    source = stream
    stream.onopen = alive
    stream.onerror = again
    stream.addEventListener('hello', alive)
    stream.addEventListener('ping', () => {
      window.clearTimeout(watch)
      watch = window.setTimeout(again, silence)
    })
    for (const [name, rooms] of Object.entries(touches)) {
      stream.addEventListener(name, (event) => {
        if (name === 'alert') set({ news: JSON.parse((event as MessageEvent<string>).data) as News })
        rooms.forEach(touch)
      })
    }
  }

  let hidden = 0
  let away = false
  const onVisibility = () => {
    window.clearTimeout(hidden)
    if (document.hidden) {
      hidden = window.setTimeout(() => {
        away = true
        window.clearTimeout(timer)
        window.clearTimeout(watch)
        source?.close()
      }, unseen)
    } else if (away) {
      away = false
      connect()
      for (const room of Object.keys(pace)) touch(room)
    }
  }

  connect()
  document.addEventListener('visibilitychange', onVisibility)
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    window.clearTimeout(hidden)
    window.clearTimeout(timer)
    window.clearTimeout(watch)
    source?.close()
  }
}

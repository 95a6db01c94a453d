import { useEffect, useRef, useSyncExternalStore } from 'react'
import { useSession } from '../queries'
import { go } from '../router'

// Single keys act only where nobody is typing, and can be switched off
// (WCAG 2.1.4).

export const rooms = [
  { key: 'o', path: '/', name: 'Overview', icon: 'overview' },
  { key: 'm', path: '/map', name: 'Map', icon: 'map' },
  { key: 'a', path: '/assets', name: 'Assets', icon: 'assets' },
  { key: 'l', path: '/alerts', name: 'Alerts', icon: 'alerts' },
  { key: 'p', path: '/policy', name: 'Policy', icon: 'door' },
  { key: 's', path: '/sensors', name: 'Sensors', icon: 'sensors' },
  { key: 'f', path: '/factory', name: 'Factory', icon: 'factory' },
] as const

// useRooms gives the rooms there are here: the factory only where one is simulated.
export function useRooms() {
  const { data } = useSession()
  return rooms.filter((room) => room.path !== '/factory' || data?.simulation)
}

const setting = 'firedoor-keys'
const listeners = new Set<() => void>()
let enabled = readSetting()

function readSetting(): boolean {
  try {
    return localStorage.getItem(setting) !== 'off'
  } catch {
    return true
  }
}

export function setKeys(on: boolean) {
  enabled = on
  try {
    localStorage.setItem(setting, on ? 'on' : 'off')
  } catch {
    // storage is switched off: the choice holds until the page is left
  }
  listeners.forEach((listener) => listener())
}

export function useKeysOn(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => enabled,
  )
}

function busy(event: KeyboardEvent): boolean {
  if (!enabled || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true
  const target = event.target as HTMLElement | null
  return !!target?.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=dialog]')
}

function useKey(act: (event: KeyboardEvent) => void) {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!busy(event)) latest.current(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

const chordTime = 1500 // ms between g and the letter of the room

// useRoomKeys walks between rooms (g, then a letter), puts the cursor into the
// filter (/) and opens the help (?).
export function useRoomKeys(help: () => void) {
  const pressed = useRef(0)
  const here = useRooms()
  useKey((event) => {
    const inChord = Date.now() - pressed.current < chordTime
    pressed.current = event.key === 'g' ? Date.now() : 0
    const room = inChord ? here.find((r) => r.key === event.key) : undefined
    if (room) {
      event.preventDefault()
      go(room.path)
    } else if (event.key === '/') {
      event.preventDefault()
      document.querySelector<HTMLElement>('input[data-filter], [data-filter] input')?.focus()
    } else if (event.key === '?') {
      event.preventDefault()
      help()
    }
  })
}

// useListKeys walks a list with j and k.
export function useListKeys(step: (by: 1 | -1) => void) {
  useKey((event) => {
    if (event.key !== 'j' && event.key !== 'k') return
    event.preventDefault()
    step(event.key === 'j' ? 1 : -1)
  })
}

// useEscape acts on the escape key.
export function useEscape(act: () => void) {
  useKey((event) => {
    if (event.key === 'Escape') act()
  })
}

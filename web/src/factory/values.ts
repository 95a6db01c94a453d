import type { SimValue } from '../api'

// How a process value is read: against its usual range, with as many digits as
// the range deserves.

export type Standing = 'low' | 'usual' | 'high'

type Ranged = Pick<SimValue, 'low' | 'high'>

export const hasRange = ({ low, high }: Ranged) => high > low

export function standing(v: Ranged, value: number): Standing {
  if (!hasRange(v)) return 'usual'
  return value < v.low ? 'low' : value > v.high ? 'high' : 'usual'
}

export const standingWord: Record<Standing, string> = { low: 'below usual', usual: '', high: 'above usual' }

// margin is the part of a bar that lies on each side beyond the usual range.
export const margin = 0.2

// place says where on a bar a value stands, 0 to 1; what is far outside stays at
// the end.
export function place(v: Ranged, value: number): number {
  if (!hasRange(v)) return 0.5
  const at = margin + ((1 - 2 * margin) * (value - v.low)) / (v.high - v.low)
  return Math.max(0, Math.min(1, at))
}

// numberText keeps the same number of digits while a value moves, so that it does
// not jump.
export function numberText(v: Ranged, value: number): string {
  const scale = hasRange(v) ? v.high - v.low : Math.abs(value)
  const digits = scale >= 200 ? 0 : scale >= 5 ? 1 : scale >= 0.5 ? 2 : scale > 0 ? 3 : 0
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const roles: Record<string, string> = { SP: 'setpoint', PV: 'process value', CV: 'output' }

export const pointWord = (role: string) => roles[role] ?? role

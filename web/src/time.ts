// Times as people read them, in the zone of this browser. The full value with
// its nine decimals stays in the title of what is shown.

const day = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })

export function parse(time: string | undefined): Date | null {
  if (!time) return null
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? null : at
}

export const dayOf = (at: Date) => day.format(at)
export const clockOf = (at: Date) => clock.format(at)
export const stampOf = (at: Date) => `${dayOf(at)} ${clockOf(at)}`
export const zoneOf = (at: Date) => zone.formatToParts(at).find((p) => p.type === 'timeZoneName')?.value ?? 'UTC'

// ago says how long before `now` it was, roughly; '' where it cannot be told.
export function ago(time: string | undefined, now: Date | null): string {
  const at = parse(time)
  if (!at || !now) return ''
  return span(Math.max(0, now.getTime() - at.getTime()))
}

export function span(ms: number): string {
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 172_800) return `${Math.floor(s / 3600)} h`
  return `${Math.floor(s / 86_400)} days`
}

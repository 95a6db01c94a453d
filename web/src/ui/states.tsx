import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { Problem } from '../fetch'
import { Icon, type IconName } from '../glyphs'

// What a room shows when it has nothing to show: still loading, empty, an error,
// or no server at all.

export function Loading({ rows = 8, label }: { rows?: number; label: string }) {
  return (
    <div className="loading" role="status" aria-label={`Loading ${label}`}>
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} height={14} width={`${92 - ((i * 37) % 45)}%`} radius="sm" />
      ))}
    </div>
  )
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} size={34} />
      <p className="state-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  )
}

export function Failed({ error, what, retry }: { error: Error; what: string; retry: () => void }) {
  const status = error instanceof Problem ? error.status : -1
  const offline = status === 0
  return (
    <div className="state" role="alert">
      <Icon name={offline ? 'broken' : 'alerts'} size={34} />
      <p className="state-title">
        {offline ? 'The console does not answer' : status === 404 ? `There is no such ${what}` : `The ${what} could not be loaded`}
      </p>
      <p>
        {offline
          ? 'Sensors go on watching and recording without it. This page tries again by itself.'
          : status === 404
            ? 'It may have been forgotten, or the address is mistyped.'
            : error.message}
      </p>
      <Button variant="default" size="sm" onClick={retry}>
        Try again
      </Button>
    </div>
  )
}

interface Asked<T> {
  data: T | undefined
  error: Error | null
  refetch: () => unknown
}

// Shown renders what was asked for, or the state in which it is. Data once seen
// stays on the screen when a later request fails: the banner tells of the loss.
export function Shown<T>({ of, what, rows, children }: { of: Asked<T>; what: string; rows?: number; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.error) return <Failed error={of.error} what={what} retry={() => void of.refetch()} />
  return <Loading label={what} rows={rows} />
}

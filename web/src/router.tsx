import { useCallback, useMemo, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type Ref } from 'react'

// A router of the size this page needs: the path says the room and the thing in
// it, the search says the filter.

const changed = 'firedoor:place'

function subscribe(listener: () => void) {
  window.addEventListener('popstate', listener)
  window.addEventListener(changed, listener)
  return () => {
    window.removeEventListener('popstate', listener)
    window.removeEventListener(changed, listener)
  }
}

const here = () => window.location.pathname + window.location.search

// go leads to another place of this page; replace leaves no entry in the history.
export function go(to: string, replace = false) {
  if (to === here()) return
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  window.dispatchEvent(new Event(changed))
}

export interface Place {
  path: string
  parts: string[] // of the path, decoded
  search: URLSearchParams
}

export function usePlace(): Place {
  const at = useSyncExternalStore(subscribe, here)
  return useMemo(() => {
    const url = new URL(at, window.location.origin)
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
    return { path: url.pathname, parts, search: url.searchParams }
  }, [at])
}

// useSearch gives one value of the search, and a function that changes it without
// an entry in the history: typing in a filter is not walking.
export function useSearch(name: string): [string, (value: string) => void] {
  const { path, search } = usePlace()
  const change = useCallback(
    (value: string) => {
      const next = new URLSearchParams(window.location.search)
      if (value) next.set(name, value)
      else next.delete(name)
      const text = next.toString()
      go(text ? `${path}?${text}` : path, true)
    },
    [name, path],
  )
  return [search.get(name) ?? '', change]
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string
  ref?: Ref<HTMLAnchorElement>
}

// Link is an anchor that stays in the page, unless a new tab was asked for.
export function Link({ onClick, href, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}

import { go } from '../router'

// choose opens the chart of a value, or closes it; the filters of the room stay.
export function choose(value: { controller: string; tag: string } | null) {
  const search = new URLSearchParams(window.location.search)
  for (const name of ['controller', 'tag'] as const) {
    if (value) search.set(name, value[name])
    else search.delete(name)
  }
  const text = search.toString()
  go(text ? `/factory?${text}` : '/factory', true)
}

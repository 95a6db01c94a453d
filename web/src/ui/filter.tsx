import { CloseButton, NativeSelect, TextInput } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Icon } from '../glyphs'
import { useSearch } from '../router'

// Filters live in the address of the page, so that a filtered view can be sent
// to a colleague.

const pause = 30 // ms: typing goes on within it, and no request is wasted

export function TextFilter({ label, placeholder }: { label: string; placeholder: string }) {
  const [value, change] = useSearch('q')
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value
      setTyped(value)
    }
  }, [value])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      change(typed)
    }, pause)
    return () => clearTimeout(timer)
  }, [typed, change])
  return (
    <TextInput
      className="filter-text"
      data-filter
      size="sm"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur()
      }}
      leftSection={<Icon name="search" size={16} />}
      rightSection={typed ? <CloseButton size="sm" aria-label="Clear the text" onClick={() => setTyped('')} /> : <kbd aria-hidden="true">/</kbd>}
    />
  )
}

export interface Choice {
  value: string
  label: string
}

export function SelectFilter({ name, label, choices }: { name: string; label: string; choices: Choice[] }) {
  const [value, change] = useSearch(name)
  return (
    <NativeSelect
      className="filter-select"
      size="sm"
      aria-label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      data={choices}
    />
  )
}

// ToggleFilter switches several values of one filter, joined by commas.
export function ToggleFilter({ name, label, choices }: { name: string; label: string; choices: { value: string; label: ReactNode }[] }) {
  const [value, change] = useSearch(name)
  const on = new Set(value.split(',').filter(Boolean))
  const toggle = (choice: string) => {
    if (!on.delete(choice)) on.add(choice)
    change(choices.map((c) => c.value).filter((v) => on.has(v)).join(','))
  }
  return (
    <div className="toggles" role="group" aria-label={label}>
      {choices.map((c) => (
        <button key={c.value} type="button" className="toggle" aria-pressed={on.has(c.value)} onClick={() => toggle(c.value)}>
          {c.label}
        </button>
      ))}
    </div>
  )
}

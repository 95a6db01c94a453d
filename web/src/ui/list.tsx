import { useElementSize } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useListKeys } from '../shell/keys'

// List is a table of any length: only the rows on the screen exist. It is one
// stop of the tab key; arrows, j and k walk it, Enter opens.

export interface Column<T> {
  name: string
  width: string // a track of a CSS grid
  cell: (row: T) => ReactNode
  from?: number // rem: width of the list from which the column is shown
}

interface Props<T> {
  label: string
  rows: T[]
  total: number // rows there are, loaded or not
  columns: Column<T>[]
  compact: (row: T) => ReactNode // the row where there is no room for columns
  idOf: (row: T) => string
  onOpen: (row: T) => void
  selected?: string
  view: string // what is filtered: when it changes, the list begins at its top
  odd?: (row: T) => string // a class for a row that needs a look
  more?: () => void // asks for the next rows; absent when all are there
  rowHeight?: number // rem
  compactHeight?: number // rem
  compactBelow?: number // rem: width of the list under which rows are compact
}

const overscan = 12

function useRem() {
  const [rem, setRem] = useState(() => parseFloat(getComputedStyle(document.documentElement).fontSize))
  useEffect(() => {
    const read = () => setRem(parseFloat(getComputedStyle(document.documentElement).fontSize))
    window.addEventListener('resize', read)
    return () => window.removeEventListener('resize', read)
  }, [])
  return rem
}

export function List<T>(props: Props<T>) {
  const { rows, idOf, onOpen, selected, more } = props
  const id = useId()
  const rem = useRem()
  const { ref: sizeRef, width } = useElementSize()
  const scroller = useRef<HTMLDivElement>(null)
  const compact = width > 0 && width < (props.compactBelow ?? 46) * rem
  const columns = props.columns.filter((c) => width >= (c.from ?? 0) * rem)
  const height = (compact ? (props.compactHeight ?? 5.25) : (props.rowHeight ?? 2.25)) * rem
  const [active, setActive] = useState(0)
  const at = Math.min(active, Math.max(0, rows.length - 1))

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan,
  })
  const marked = useRef(at)
  marked.current = at
  useEffect(() => {
    virtual.measure()
    // Rows of another height stand elsewhere: keep in sight what is open.
    if (selected) virtual.scrollToIndex(marked.current, { align: 'auto' })
  }, [virtual, height, selected])

  const items = virtual.getVirtualItems()
  const lastShown = items[items.length - 1]?.index ?? 0
  useEffect(() => {
    if (more && lastShown >= rows.length - 2 * overscan) more()
  }, [more, lastShown, rows.length])

  const to = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setActive(next)
    virtual.scrollToIndex(next, { align: 'auto' })
    const row = rows[next]
    if (row && selected) onOpen(row)
  }
  const open = () => {
    const row = rows[at]
    if (row) onOpen(row)
  }
  useListKeys((step) => {
    scroller.current?.focus({ preventScroll: true })
    to(at + step)
  })
  useSelection(rows, idOf, selected, setActive)
  const viewed = useRef(props.view)
  useEffect(() => {
    if (viewed.current === props.view) return
    viewed.current = props.view
    setActive(0)
    virtual.scrollToOffset(0)
  }, [props.view, virtual])

  const page = () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    const moves: Record<string, () => void> = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      PageDown: () => to(at + page()),
      PageUp: () => to(at - page()),
      Home: () => to(0),
      End: () => to(rows.length - 1),
      Enter: open,
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }

  const tracks = columns.map((c) => c.width).join(' ')
  return (
    <div className={compact ? 'list compact' : 'list'} ref={sizeRef} style={{ '--tracks': tracks } as React.CSSProperties}>
      <div
        ref={scroller}
        className="list-scroll"
        role="grid"
        tabIndex={0}
        aria-label={props.label}
        aria-rowcount={props.total + 1}
        aria-colcount={compact ? 1 : columns.length}
        aria-activedescendant={rows.length > 0 && items.some((i) => i.index === at) ? `${id}-${at}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div role="row" aria-rowindex={1} className="list-head">
          {compact ? (
            <div role="columnheader" className="sr-only">
              {props.label}
            </div>
          ) : (
            columns.map((c) => (
              <div role="columnheader" key={c.name}>
                {c.name}
              </div>
            ))
          )}
        </div>
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const row = rows[item.index]
            if (row === undefined) return null
            const key = idOf(row)
            const chosen = key === selected
            return (
              <div
                key={key}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={chosen}
                className={`list-row ${props.odd?.(row) ?? ''}${item.index === at ? ' active' : ''}${chosen ? ' chosen' : ''}`}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                onClick={(event) => {
                  setActive(item.index)
                  if (!event.defaultPrevented && !(event.target as Element).closest('a')) onOpen(row)
                }}
              >
                {compact ? (
                  <div role="gridcell" className="list-compact">
                    {props.compact(row)}
                  </div>
                ) : (
                  columns.map((c) => (
                    <div role="gridcell" key={c.name}>
                      {c.cell(row)}
                    </div>
                  ))
                )}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

// useSelection lets the walk begin at what is open, as when a page was reloaded.
function useSelection<T>(rows: T[], idOf: (row: T) => string, selected: string | undefined, setActive: (index: number) => void) {
  const done = useRef('')
  useEffect(() => {
    if (!selected || done.current === selected) return
    const index = rows.findIndex((row) => idOf(row) === selected)
    if (index < 0) return
    done.current = selected
    setActive(index)
  }, [rows, idOf, selected, setActive])
}

import { ActionIcon, CloseButton, TextInput, useComputedColorScheme } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { MapNode, PlantMap } from '../api'
import { Icon } from '../glyphs'
import { Drawing, type Chosen } from '../map/draw'
import { neighbour } from '../map/layout'
import { useJudged, useMap } from '../queries'
import { go, usePlace } from '../router'
import { useEscape, useListKeys } from '../shell/keys'
import { Empty, Shown } from '../ui/states'
import { count, plural, roleWord, severityWord } from '../words'
import { MapPane } from './mappane'

// MapRoom draws the plant by Purdue level, with the chosen thing explained beside it.
export function MapRoom() {
  const map = useMap()
  const judged = useJudged()
  return (
    <div className="room map-room">
      <Shown of={map} what="map">
        {(data) =>
          (data.nodes ?? []).length === 0 ? (
            <Empty icon="map" title="Nothing to draw so far">
              A device is drawn here with the first packet it sends.
            </Empty>
          ) : (
            <Plant map={data} judged={judged} />
          )
        }
      </Shown>
    </div>
  )
}

const choose = (chosen: Chosen | null) => go(chosen ? `/map?${chosen.kind}=${encodeURIComponent(chosen.id)}` : '/map', true)

function useChosen(): Chosen | null {
  const { search } = usePlace()
  const node = search.get('node')
  const edge = search.get('edge')
  return useMemo(() => (node ? { kind: 'node', id: node } : edge ? { kind: 'edge', id: edge } : null), [node, edge])
}

// plain is the map without marks for what is new, for a plant that was not learned yet.
function plain(map: PlantMap): PlantMap {
  return { ...map, nodes: (map.nodes ?? []).map((n) => ({ ...n, known: true })), edges: (map.edges ?? []).map((e) => ({ ...e, learned: true })) }
}

function Plant({ map: whole, judged }: { map: PlantMap; judged: boolean }) {
  const map = useMemo(() => (judged ? whole : plain(whole)), [whole, judged])
  const chosen = useChosen()
  const [text, setText] = useState('')
  const nodes = useMemo(() => map.nodes ?? [], [map])
  const found = useMemo(() => search(nodes, text), [nodes, text])
  const { box, back, front, drawing } = useDrawing(map, chosen, found)
  useEscape(() => choose(null))
  useListKeys((step) => {
    const order = [...(drawing.current?.layout.at.keys() ?? [])]
    const at = chosen?.kind === 'node' ? order.indexOf(chosen.id) : -1
    const next = order[(at + step + order.length) % order.length]
    if (next) choose({ kind: 'node', id: next })
  })

  const next = () => {
    if (!found || found.size === 0) return
    const ids = [...found]
    const at = chosen ? ids.indexOf(chosen.id) : -1
    const id = ids[(at + 1) % ids.length]
    if (!id) return
    drawing.current?.bring(id)
    choose({ kind: 'node', id })
  }

  return (
    <div className="map-grid">
      <div className="map-field">
        <header className="map-head">
          <h1>Map</h1>
          <TextInput
            className="filter-text"
            data-filter
            size="sm"
            type="search"
            aria-label="Find a device on the map"
            placeholder="Find a device"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') next()
              if (event.key === 'Escape') event.currentTarget.blur()
            }}
            leftSection={<Icon name="search" size={16} />}
            rightSection={text ? <CloseButton size="sm" aria-label="Clear the text" onClick={() => setText('')} /> : <kbd aria-hidden="true">/</kbd>}
          />
          <p className="room-count" role="status">
            {found ? `${count(found.size)} found` : plural(nodes.length, 'device')}
          </p>
        </header>
        <div
          className="map-canvas"
          tabIndex={0}
          role="application"
          aria-label={`Map of the plant: ${plural(nodes.length, 'device')}. Arrow keys walk from device to device, plus and minus zoom, zero shows all of it.`}
          onKeyDown={(event) => onMapKey(event, drawing.current, chosen)}
        >
          <canvas ref={back} aria-hidden="true" />
          <div ref={box} className="map-box" aria-hidden="true" />
          <canvas ref={front} className="map-front" aria-hidden="true" />
          <div className="map-zoom">
            <ActionIcon variant="default" size="lg" aria-label="Nearer" onClick={() => drawing.current?.zoomBy(1.3)}><Icon name="plus" /></ActionIcon>
            <ActionIcon variant="default" size="lg" aria-label="Farther" onClick={() => drawing.current?.zoomBy(1 / 1.3)}><Icon name="minus" /></ActionIcon>
            <ActionIcon variant="default" size="lg" aria-label="All of the map" onClick={() => drawing.current?.fit()}><Icon name="fit" /></ActionIcon>
          </div>
          <p className="sr-only" role="status">
            {spoken(chosen, nodes)}
          </p>
        </div>
      </div>
      <MapPane map={map} chosen={chosen} choose={choose} bring={(id) => drawing.current?.bring(id)} />
    </div>
  )
}

function search(nodes: MapNode[], text: string): Set<string> | null {
  const words = text.trim().toLowerCase()
  if (!words) return null
  return new Set(nodes.filter((n) => `${n.name} ${n.id} ${roleWord(n.role)} ${n.zone}`.toLowerCase().includes(words)).map((n) => n.id))
}

function spoken(chosen: Chosen | null, nodes: MapNode[]): string {
  const node = chosen?.kind === 'node' ? nodes.find((n) => n.id === chosen.id) : undefined
  if (!node) return ''
  const alert = node.severity ? `, open alert, ${severityWord[node.severity].toLowerCase()}` : ''
  return `${node.name || node.id}, ${roleWord(node.role)}, level ${node.level || 'unknown'}${node.known ? '' : ', new'}${alert}`
}

const directions: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

function onMapKey(event: KeyboardEvent, drawing: Drawing | null, chosen: Chosen | null) {
  if (!drawing || event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
  const direction = directions[event.key]
  if (direction) {
    const first = drawing.layout.at.keys().next().value
    const id = chosen?.kind === 'node' ? neighbour(drawing.layout, chosen.id, ...direction) : (first ?? null)
    if (id) {
      choose({ kind: 'node', id })
      drawing.bring(id)
    }
  } else if (event.key === '+' || event.key === '=') drawing.zoomBy(1.3)
  else if (event.key === '-') drawing.zoomBy(1 / 1.3)
  else if (event.key === '0') drawing.fit()
  else if (event.key === 'Enter' && chosen?.kind === 'node') go(`/assets/${encodeURIComponent(chosen.id)}`)
  else return
  event.preventDefault()
}

// useDrawing keeps the drawing in step with the data, the colours and the size of
// the page.
function useDrawing(map: PlantMap, chosen: Chosen | null, found: Set<string> | null) {
  const box = useRef<HTMLDivElement>(null)
  const back = useRef<HTMLCanvasElement>(null)
  const front = useRef<HTMLCanvasElement>(null)
  const drawing = useRef<Drawing | null>(null)
  const arrived = useRef(chosen)
  const scheme = useComputedColorScheme('light')
  const start = useCallback(() => {
    if (!box.current || !back.current || !front.current) return null
    return new Drawing(box.current, back.current, front.current, choose)
  }, [])

  useEffect(() => {
    const made = start()
    drawing.current = made
    const watch = new ResizeObserver(() => made?.resize())
    if (box.current) watch.observe(box.current)
    return () => {
      watch.disconnect()
      made?.destroy()
      drawing.current = null
    }
  }, [start])
  useEffect(() => {
    drawing.current?.show(map)
    if (arrived.current?.kind === 'node') drawing.current?.bring(arrived.current.id)
    arrived.current = null
  }, [map])
  useEffect(() => drawing.current?.restyle(), [scheme])
  useEffect(() => drawing.current?.emphasise(chosen, found), [map, chosen, found])
  return { box, back, front, drawing }
}

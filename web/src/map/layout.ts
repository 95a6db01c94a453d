import type { MapNode, PlantMap } from '../api'
import { levels } from '../words'

// Where everything on the map lies: bands for the Purdue levels from top to
// bottom, zones as areas in their band, devices in rows in their zone. Nothing
// moves by itself: the same plant is drawn in the same place every time.

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Band extends Box {
  level: string
}

export interface Area extends Box {
  id: string
  name: string
}

export interface Layout {
  bands: Band[]
  areas: Area[]
  at: Map<string, { x: number; y: number }>
  width: number
  height: number
}

// Sizes in the map's own units: pixels at a zoom of 1.
export const cell = { width: 102, height: 84 }
export const nodeSize = 44
const zonePad = 8
export const zoneHead = 26
const gap = 10
const bandPad = 9
const margin = 4
const gutter = 136 // where the names of the bands stand

interface Group {
  id: string
  name: string
  nodes: MapNode[]
  columns: number
}

const rowsOf = (g: Group) => Math.ceil(g.nodes.length / g.columns)
const widthOf = (g: Group) => g.columns * cell.width + 2 * zonePad
const heightOf = (g: Group) => rowsOf(g) * cell.height + zoneHead + zonePad

// layOut draws the map for a screen of the given aspect (width over height).
export function layOut(map: PlantMap, aspect: number): Layout {
  const byLevel = groups(map)
  let best: Layout | null = null
  let bestMiss = Infinity
  for (let width = 640; width <= 12_000; width *= 1.12) {
    const layout = pack(byLevel, width)
    const miss = Math.abs(Math.log(layout.width / Math.max(1, layout.height) / aspect))
    if (miss < bestMiss) {
      best = layout
      bestMiss = miss
    }
  }
  return best ?? pack(byLevel, 640)
}

// groups parts the devices by level and zone. A level or zone the server did not
// list is drawn all the same: a device is never left out.
function groups(map: PlantMap): Map<string, Group[]> {
  const names = new Map((map.zones ?? []).map((z) => [z.id, z.name]))
  const out = new Map<string, Group[]>()
  for (const level of levels) out.set(level, [])
  const found = new Map<string, Group>()
  for (const node of map.nodes ?? []) {
    const level = out.has(node.level) ? node.level : ''
    const key = `${level}\n${node.zone}`
    let group = found.get(key)
    if (!group) {
      group = { id: node.zone, name: names.get(node.zone) ?? node.zone, nodes: [], columns: 1 }
      found.set(key, group)
      out.get(level)?.push(group)
    }
    group.nodes.push(node)
  }
  for (const list of out.values()) {
    list.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    for (const g of list) g.nodes.sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name, 'en', { numeric: true }))
  }
  return out
}

function pack(byLevel: Map<string, Group[]>, width: number): Layout {
  const layout: Layout = { bands: [], areas: [], at: new Map(), width: width + gutter, height: 0 }
  let y = 0
  for (const [level, list] of byLevel) {
    if (list.length === 0) continue
    const top = y
    y += bandPad
    for (const shelf of shelves(list, width)) {
      y += place(layout, shelf, y, width) + gap
    }
    y += bandPad - gap
    layout.bands.push({ level, x: 0, y: top, width: width + gutter, height: y - top })
  }
  layout.height = y
  return layout
}

// shelves puts zones side by side until a row of the band is full, then lets
// those with most rows of devices take what room is left.
function shelves(list: Group[], width: number): Group[][] {
  const most = Math.max(1, Math.floor((width - 2 * margin - 2 * zonePad) / cell.width))
  const out: Group[][] = []
  let used = Infinity
  for (const g of list) {
    g.columns = Math.min(most, g.nodes.length, Math.max(1, Math.ceil(Math.sqrt(g.nodes.length * 2))))
    const need = widthOf(g) + gap
    if (used + need > width) {
      out.push([])
      used = 2 * margin - gap
    }
    out[out.length - 1]?.push(g)
    used += need
  }
  for (const shelf of out) widen(shelf, width)
  return out
}

function widen(shelf: Group[], width: number) {
  let left = width - 2 * margin + gap - shelf.reduce((sum, g) => sum + widthOf(g) + gap, 0)
  while (left >= cell.width) {
    const tallest = shelf.reduce((a, b) => (rowsOf(b) > rowsOf(a) ? b : a))
    if (rowsOf(tallest) === 1) return
    tallest.columns++
    left -= cell.width
  }
}

// place draws one shelf and gives its height. Zones share what width is left
// over, so that a band is filled from edge to edge.
function place(layout: Layout, shelf: Group[], y: number, width: number): number {
  const height = Math.max(...shelf.map(heightOf))
  const used = shelf.reduce((sum, g) => sum + widthOf(g) + gap, -gap)
  const extra = (width - 2 * margin - used) / shelf.length
  let x = gutter + margin
  for (const g of shelf) {
    const zone = { id: g.id, name: g.name, x, y, width: widthOf(g) + extra, height }
    layout.areas.push(zone)
    const step = (zone.width - 2 * zonePad) / g.columns
    g.nodes.forEach((node, i) => {
      layout.at.set(node.id, {
        x: x + zonePad + ((i % g.columns) + 0.5) * step,
        y: y + zoneHead + Math.floor(i / g.columns) * cell.height + nodeSize / 2 + 6,
      })
    })
    x += zone.width + gap
  }
  return height
}

// neighbour is the device next to one in a direction: the nearest of those that
// lie more that way than aside.
export function neighbour(layout: Layout, from: string, dx: number, dy: number): string | null {
  const start = layout.at.get(from)
  if (!start) return null
  let best: string | null = null
  let least = Infinity
  for (const [id, p] of layout.at) {
    const along = (p.x - start.x) * dx + (p.y - start.y) * dy
    const aside = Math.abs((p.x - start.x) * dy) + Math.abs((p.y - start.y) * dx)
    if (along <= 1 || aside > along * 2) continue
    const cost = along + 2.500 * aside
    if (cost < least) {
      least = cost
      best = id
    }
  }
  return best
}

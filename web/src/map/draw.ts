import cytoscape, { type Core, type ElementDefinition, type StylesheetJson } from 'cytoscape'
import type { MapEdge, MapNode, PlantMap } from '../api'
import { layOut, nodeSize, type Layout } from './layout'
import { paintBack, paintFront, readPalette, type Palette } from './paint'

// Drawing is the map on the screen: the library pans, zooms, draws devices and
// lines and tells what was touched.

export interface Chosen {
  kind: 'node' | 'edge'
  id: string
}

const manyEdges = 700 // from here on lines are drawn the fastest way
const nearest = 2.500 // zoom
const readable = 0.5 // zoom from which the name of a device can be read
const farthest = 0.02

export class Drawing {
  private readonly cy: Core
  private readonly back: HTMLCanvasElement
  private readonly front: HTMLCanvasElement
  private map: PlantMap = { nodes: [], edges: [], zones: [], doors: false }
  private palette: Palette = readPalette()
  private faded = new Set<string>()
  private shape = '' // which devices are where: while it stays, nothing moves
  private fitted = false
  layout: Layout = { bands: [], areas: [], at: new Map(), width: 1, height: 1 }

  constructor(box: HTMLElement, back: HTMLCanvasElement, front: HTMLCanvasElement, onChoose: (chosen: Chosen | null) => void) {
    this.back = back
    this.front = front
    this.cy = cytoscape({
      container: box,
      elements: [],
      style: styleOf(this.palette, false),
      minZoom: farthest,
      maxZoom: nearest,
      autoungrabify: true,
      boxSelectionEnabled: false,
      selectionType: 'single',
    })
    this.cy.on('render', () => this.paint())
    this.cy.on('tap', (event) => {
      const on = event.target as { isNode?: () => boolean; id?: () => string }
      if (event.target === this.cy || !on.id || !on.isNode) onChoose(null)
      else onChoose({ kind: on.isNode() ? 'node' : 'edge', id: on.id() })
    })
  }

  destroy() {
    this.cy.destroy()
  }

  private paint() {
    paintBack(this.back, this.cy, this.layout, this.palette)
    paintFront(this.front, this.cy, this.map.nodes ?? [], this.layout, this.faded, this.palette)
  }

  // show takes the plant as it is now. Devices keep their places as long as none
  // came, went or changed its zone.
  show(map: PlantMap) {
    this.map = map
    const nodes = map.nodes ?? []
    const edges = (map.edges ?? []).filter((e) => e.from !== e.to)
    const shape = nodes.map((n) => `${n.id} ${n.level} ${n.zone}`).sort().join('\n')
    if (shape !== this.shape) {
      this.shape = shape
      const width = this.cy.width()
      const height = this.cy.height()
      this.layout = layOut(map, Math.max(0.55, Math.min(3, width / Math.max(1, height))))
    }
    const known = new Set(nodes.map((n) => n.id))
    const rows = new Map([...this.layout.at].map(([id, p]) => [id, p]))
    this.cy.batch(() => {
      this.cy.elements().remove()
      this.cy.add([
        ...nodes.map((n) => nodeElement(n, this.layout)),
        ...edges.filter((e) => known.has(e.from) && known.has(e.to)).map((e) => edgeElement(e, rows)),
      ])
    })
    this.restyle()
    if (!this.fitted && nodes.length > 0) {
      this.fitted = true
      this.fit()
    }
  }

  // restyle takes the colours of the page as they are now.
  restyle() {
    this.palette = readPalette()
    this.cy.style(styleOf(this.palette, (this.map.edges ?? []).length > manyEdges))
    this.paint()
  }

  resize() {
    this.cy.resize()
    this.paint()
  }

  fit() {
    const { width, height } = this.layout
    const pad = 16
    const zoom = Math.min((this.cy.width() - 2 * pad) / width, (this.cy.height() - 2 * pad) / height, 1.25)
    this.cy.viewport({ zoom, pan: { x: (this.cy.width() - width * zoom) / 2, y: Math.max(pad, (this.cy.height() - height * zoom) / 2) } })
  }

  zoomBy(factor: number) {
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: { x: this.cy.width() / 2, y: this.cy.height() / 2 } })
  }

  panBy(x: number, y: number) {
    this.cy.panBy({ x, y })
  }

  // bring moves a device into sight if it is not, and near enough to be read.
  bring(id: string) {
    const at = this.layout.at.get(id)
    if (!at) return
    const width = this.cy.width()
    const height = this.cy.height()
    const zoom = this.cy.zoom()
    if (zoom < readable) {
      this.cy.viewport({ zoom: readable, pan: { x: width / 2 - at.x * readable, y: height / 2 - at.y * readable } })
      return
    }
    const pan = this.cy.pan()
    const x = at.x * zoom + pan.x
    const y = at.y * zoom + pan.y
    const edge = 44 // px kept between a device and the edge of the map
    this.cy.panBy({ x: Math.max(0, edge - x) - Math.max(0, x - width + edge), y: Math.max(0, edge - y) - Math.max(0, y - height + edge) })
  }

  // emphasise fades all but what is chosen and what it speaks with, or all but
  // what a search found; null shows everything alike.
  emphasise(chosen: Chosen | null, found: Set<string> | null) {
    this.faded = new Set()
    this.cy.batch(() => {
      const all = this.cy.elements()
      all.removeClass('faded chosen near')
      if (found) {
        for (const n of this.cy.nodes()) if (!found.has(n.id())) this.fade(n.id())
        this.cy.edges().addClass('faded')
      } else if (chosen) {
        const one = this.cy.getElementById(chosen.id)
        if (one.empty()) return
        one.addClass('chosen')
        const near = chosen.kind === 'node' ? one.closedNeighborhood() : one.union(one.connectedNodes())
        near.edges().addClass('near')
        all.difference(near).addClass('faded')
        for (const n of this.cy.nodes()) if (n.hasClass('faded')) this.faded.add(n.id())
      }
    })
    this.paint()
  }

  private fade(id: string) {
    this.faded.add(id)
    this.cy.getElementById(id).addClass('faded')
  }
}

function nodeElement(n: MapNode, layout: Layout): ElementDefinition {
  return {
    group: 'nodes',
    data: { id: n.id, label: n.name || n.id },
    classes: [n.known ? '' : 'new', n.severity && `s-${n.severity}`].filter(Boolean).join(' '),
    position: { ...(layout.at.get(n.id) ?? { x: 0, y: 0 }) },
  }
}

function edgeElement(e: MapEdge, at: Map<string, { x: number; y: number }>): ElementDefinition {
  const a = at.get(e.from)
  const b = at.get(e.to)
  const level = a && b && Math.abs(a.y - b.y) < 10 && Math.abs(a.x - b.x) > 120
  return {
    group: 'edges',
    data: { id: e.key, source: e.from, target: e.to },
    classes: [level ? 'level' : '', e.changes ? 'changes' : '', e.learned ? '' : 'new', e.severity && `s-${e.severity}`, e.door && `door-${e.door}${e.door_test ? '-test' : ''}`].filter(Boolean).join(' '),
  }
}

// doorStyles put the sign of a door in the middle of its line: a circle where
// requests are judged, a square where nothing passes, hollow while it is only a test.
// Where lines are too many for signs, one that is shut is still dotted.
function doorStyles(p: Palette, many: boolean) {
  const sign = (shape: string, fill: string) => (many ? {} : { 'mid-target-arrow-shape': shape, 'mid-target-arrow-fill': fill, 'mid-target-arrow-color': p.text, 'line-opacity': 0.9 })
  return [
    { selector: 'edge.door-guarded', style: sign('circle', 'filled') },
    { selector: 'edge.door-guarded-test', style: sign('circle', 'hollow') },
    { selector: 'edge.door-shut', style: { ...sign('square', 'filled'), 'line-style': 'dotted', width: 2 } },
    { selector: 'edge.door-shut-test', style: sign('square', 'hollow') },
  ]
}

function styleOf(p: Palette, many: boolean): StylesheetJson {
  const plain = many ? 'haystack' : 'straight'
  return [
    {
      selector: 'node',
      style: {
        shape: 'round-rectangle', width: nodeSize, height: nodeSize, 'background-color': p.raised, 'border-color': p.strong, 'border-width': 1.500,
        label: 'data(label)', 'font-family': p.font, 'font-size': 13, color: p.text, 'text-valign': 'bottom', 'text-margin-y': 5,
        'text-wrap': 'ellipsis', 'text-max-width': '98px', 'min-zoomed-font-size': 6, 'overlay-opacity': 0,
        'text-background-color': p.surface, 'text-background-opacity': 0.85, 'text-background-padding': '1px',
      },
    },
    { selector: 'node.new', style: { 'border-style': 'dashed', 'border-width': 2, 'border-color': p.medium } },
    { selector: 'node.s-high', style: { 'border-color': p.high, 'border-width': 3 } },
    { selector: 'node.s-medium', style: { 'border-color': p.medium, 'border-width': 3 } },
    { selector: 'node.chosen', style: { 'border-color': p.focus, 'border-width': 4, 'border-style': 'solid' } },
    { selector: 'edge', style: { 'curve-style': plain, width: 1.2, 'line-color': p.line, 'line-opacity': many ? 0.35 : 0.6, 'overlay-opacity': 0, 'target-arrow-color': p.line } },
    { selector: 'edge.level', style: many ? {} : { 'curve-style': 'unbundled-bezier', 'control-point-distances': [-46], 'control-point-weights': [0.5] } },
    { selector: 'edge.changes', style: many ? {} : { 'target-arrow-shape': 'triangle', 'arrow-scale': 0.8 } },
    { selector: 'edge.new', style: { 'line-style': 'dashed', width: 2, 'line-opacity': 0.9, 'line-color': p.medium, 'target-arrow-color': p.medium } },
    { selector: 'edge.s-medium', style: { width: 2.500, 'line-opacity': 1, 'line-color': p.medium, 'target-arrow-color': p.medium, 'z-index': 5 } },
    { selector: 'edge.s-high', style: { width: 3.500, 'line-opacity': 1, 'line-color': p.high, 'target-arrow-color': p.high, 'z-index': 6 } },
    ...doorStyles(p, many),
    { selector: 'edge.near', style: { width: 2.500, 'line-opacity': 1, 'z-index': 9 } },
    { selector: 'edge.chosen', style: { width: 5, 'line-color': p.focus, 'target-arrow-color': p.focus } },
    { selector: 'node.faded', style: { opacity: 0.3 } },
    { selector: 'edge.faded', style: { opacity: 0.12 } },
  ] as StylesheetJson
}

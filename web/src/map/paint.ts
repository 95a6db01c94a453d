import type { Core } from 'cytoscape'
import type { MapNode, Severity } from '../api'
import { strokesOf } from '../glyphs'
import { levelWord } from '../words'
import { nodeSize, zoneHead, type Layout } from './layout'

// What the drawing library does not draw: bands and zones beneath the devices,
// role signs and alert marks above them.

export interface Palette {
  ground: string
  surface: string
  raised: string
  sunk: string
  edge: string
  strong: string
  text: string
  dim: string
  line: string
  focus: string
  high: string
  medium: string
  mediumSign: string
  low: string
  lowSign: string
  info: string
  font: string
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    ground: of('--ground'), surface: of('--surface'), raised: of('--raised'), sunk: of('--sunk'), edge: of('--edge'), strong: of('--edge-strong'),
    text: of('--text'), dim: of('--dim'), line: of('--bar-fill'), focus: of('--focus'), high: of('--high-fill'), medium: of('--medium-fill'),
    mediumSign: of('--medium-sign'), low: of('--low-fill'), lowSign: of('--low-sign'), info: of('--info'), font: of('--font'),
  }
}

// prepare fits a canvas to its box and gives a context in the map's own units.
function prepare(canvas: HTMLCanvasElement, cy: Core): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1
  const width = Math.round(canvas.clientWidth * ratio)
  const height = Math.round(canvas.clientHeight * ratio)
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  const g = canvas.getContext('2d')
  if (!g) return null
  g.setTransform(1, 0, 0, 1, 0, 0)
  g.clearRect(0, 0, width, height)
  const zoom = cy.zoom() * ratio
  const pan = cy.pan()
  g.setTransform(zoom, 0, 0, zoom, pan.x * ratio, pan.y * ratio)
  return g
}

export function paintBack(canvas: HTMLCanvasElement, cy: Core, layout: Layout, p: Palette) {
  const g = prepare(canvas, cy)
  if (!g) return
  layout.bands.forEach((band, i) => {
    g.fillStyle = i % 2 === 0 ? p.ground : p.sunk
    g.fillRect(band.x, band.y, band.width, band.height)
  })
  const zoom = cy.zoom()
  g.lineWidth = 1 / Math.min(1, zoom)
  for (const area of layout.areas) {
    g.beginPath()
    g.roundRect(area.x, area.y, area.width, area.height, 6)
    g.fillStyle = p.surface
    g.fill()
    g.strokeStyle = p.edge
    g.stroke()
  }
  if (zoom > 0.28) zoneNames(g, layout, zoom, p)
  bandNames(g, cy, layout, p)
}

function zoneNames(g: CanvasRenderingContext2D, layout: Layout, zoom: number, p: Palette) {
  g.font = `${Math.min(zoneHead * 0.62, Math.max(12, 10.500 / zoom))}px ${p.font}`
  g.textBaseline = 'middle'
  g.fillStyle = p.dim
  for (const area of layout.areas) {
    g.fillText(clip(g, area.name, area.width - 20), area.x + 10, area.y + zoneHead / 2 + 1)
  }
}

function clip(g: CanvasRenderingContext2D, text: string, width: number): string {
  if (g.measureText(text).width <= width) return text
  let end = text.length
  while (end > 1 && g.measureText(text.slice(0, end) + '…').width > width) end--
  return text.slice(0, end) + '…'
}

const largestName = 3.2 // times its size: what the space at the left takes

// bandNames stand at the left edge of the screen when the band reaches beyond it,
// and keep a readable size at any zoom.
function bandNames(g: CanvasRenderingContext2D, cy: Core, layout: Layout, p: Palette) {
  const view = cy.extent()
  g.textBaseline = 'alphabetic'
  for (const band of layout.bands) {
    const scale = Math.max(1, Math.min(largestName, 0.75 / cy.zoom(), band.height / 60))
    const x = Math.max(band.x, view.x1) + 14
    const top = Math.max(band.y, Math.min(view.y1, band.y + band.height - 62 * scale))
    if (x > band.x + 120 && cy.zoom() < 0.5) continue
    if (x > band.x + 20) {
      g.fillStyle = p.ground
      g.globalAlpha = 0.85
      g.fillRect(x - 8, top + 6, 62 * scale, 30 * scale)
      g.globalAlpha = 1
    }
    g.fillStyle = p.text
    g.font = `600 ${20 * scale}px ${p.font}`
    g.fillText(band.level || '?', x, top + 30 * scale)
    if (x > band.x + 20 || scale > 2) continue
    g.fillStyle = p.dim
    g.font = `${12 * scale}px ${p.font}`
    g.fillText(clip(g, levelWord(band.level), 116), x, top + 49 * scale)
  }
}

const glyphs = new Map<string, Path2D>()

function glyphOf(role: string): Path2D {
  const strokes = strokesOf(role)
  let path = glyphs.get(strokes)
  if (!path) {
    path = new Path2D(strokes)
    glyphs.set(strokes, path)
  }
  return path
}

const markPaths: Record<Severity, Path2D> = {
  high: new Path2D('M12 1.500L22.500 12 12 22.500 1.500 12z'),
  medium: new Path2D('M12 2.500L22.500 21.500h-21z'),
  low: new Path2D('M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18'),
  info: new Path2D('M4 4h16v16H4z'),
}
const signPaths: Record<Severity, Path2D> = {
  high: new Path2D('M12 7v6M12 16.300v.4'),
  medium: new Path2D('M12 9.500v5.500M12 17.800v.4'),
  low: new Path2D('M12 7.500v5M12 16v.4'),
  info: new Path2D('M12 11v5.500M12 7.500v.4'),
}

const smallestGlyph = 0.3 // zoom under which role signs are left out
const smallestMark = 13 // px on the screen: an alert is seen from any distance

export function paintFront(canvas: HTMLCanvasElement, cy: Core, nodes: MapNode[], layout: Layout, faded: Set<string>, p: Palette) {
  const g = prepare(canvas, cy)
  if (!g) return
  const zoom = cy.zoom()
  const view = cy.extent()
  g.lineCap = 'round'
  g.lineJoin = 'round'
  for (const node of nodes) {
    const at = layout.at.get(node.id)
    if (!at || at.x < view.x1 - 60 || at.x > view.x2 + 60 || at.y < view.y1 - 60 || at.y > view.y2 + 60) continue
    g.save()
    g.globalAlpha = faded.has(node.id) ? 0.3 : 1
    if (zoom > smallestGlyph) {
      g.save()
      g.translate(at.x - 14, at.y - 14)
      g.scale(28 / 24, 28 / 24)
      g.strokeStyle = p.text
      g.lineWidth = 1.500
      g.stroke(glyphOf(node.role))
      g.restore()
    }
    if (node.severity) mark(g, node.severity, at.x + nodeSize / 2, at.y - nodeSize / 2, Math.max(22, smallestMark / zoom), p)
    g.restore()
  }
}

function mark(g: CanvasRenderingContext2D, severity: Severity, x: number, y: number, size: number, p: Palette) {
  const fill = { high: p.high, medium: p.medium, low: p.low, info: p.surface }[severity]
  const sign = { high: '#ffffff', medium: p.mediumSign, low: p.lowSign, info: p.info }[severity]
  g.translate(x - size / 2, y - size / 2)
  g.scale(size / 24, size / 24)
  g.lineWidth = 5
  g.strokeStyle = p.surface
  g.stroke(markPaths[severity])
  g.fillStyle = fill
  g.fill(markPaths[severity])
  g.lineWidth = 1.500
  g.strokeStyle = severity === 'info' || severity === 'low' ? p.info : fill
  g.stroke(markPaths[severity])
  g.lineWidth = 2.500
  g.strokeStyle = sign
  g.stroke(signPaths[severity])
}

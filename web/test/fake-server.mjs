// A stand-in for the console's server, for work on the page: made-up data in the
// shapes of the API, in any amount. It is no part of the product.
//
//   node test/fake-server.mjs --sample DIR [--assets N] [--alerts N] [--port P] [--every MS] [--empty]
import { readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { addressesOf, countOpen, detailOf, makePlant } from './plant.mjs'

const { values: options } = parseArgs({
  options: {
    sample: { type: 'string' }, assets: { type: 'string', default: '0' }, alerts: { type: 'string', default: '0' },
    port: { type: 'string', default: '8099' }, every: { type: 'string', default: '0' }, empty: { type: 'boolean', default: false },
  },
})
if (!options.sample) throw new Error('--sample DIR: a folder that "firedoor replay --out" wrote')

const plant = makePlant({ sample: options.sample, assets: Number(options.assets), alerts: Number(options.alerts) })
if (options.empty) Object.assign(plant, { assets: [], conversations: [], alerts: [], sensors: [] })
const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const token = 'walk'
const order = ['info', 'low', 'medium', 'high']
const streams = new Set()
const now = () => new Date().toISOString().replace('Z', '000000Z')

const page = (rows, name, query, most = 1000) => {
  const limit = Math.min(most, Number(query.get('limit') || most))
  const from = Number(query.get('cursor') || 0)
  return { [name]: rows.slice(from, from + limit), total: rows.length, next: from + limit < rows.length ? String(from + limit) : '' }
}
const has = (q, ...texts) => !q || texts.some((t) => t?.toLowerCase().includes(q.toLowerCase()))

function overview() {
  const open = { info: 0, low: 0, medium: 0, high: 0 }
  for (const a of plant.alerts) if (!a.acknowledged) open[a.severity]++
  const left = plant.alerts.filter((a) => !a.acknowledged)
  const levels = {}
  for (const a of plant.assets) levels[a.level ?? ''] = (levels[a.level ?? ''] ?? 0) + 1
  const statements = plant.conversations.flatMap((c) => c.statements)
  const s = plant.sensors[0]
  return {
    site: 'Bottling, hall 2', wall_time: now(), traffic_time: s?.traffic_time ?? '',
    alerts: { open, acknowledged: plant.alerts.length - left.length, total: plant.alerts.length },
    assets: { total: plant.assets.length, known: plant.assets.filter((a) => a.known).length, new: plant.assets.filter((a) => !a.known).length, levels },
    conversations: plant.conversations.length, statements: statements.length, learned: statements.filter((x) => x.learned).length,
    stage: s?.stage ?? 'unknown', stage_since: s?.stage_since ?? '', stage_until: '', problem: '',
    sensors: { total: plant.sensors.length, running: plant.sensors.length, troubled: plant.sensors.filter((x) => x.stale).length },
    needs: left.sort((a, b) => order.indexOf(b.severity) - order.indexOf(a.severity)).slice(0, 8),
  }
}

function alerts(query) {
  const severity = (query.get('severity') ?? '').split(',').filter(Boolean)
  const state = query.get('state') ?? 'all'
  const rows = plant.alerts.filter((a) =>
    (severity.length === 0 || severity.includes(a.severity)) && (!query.get('kind') || a.kind === query.get('kind')) &&
    (!query.get('asset') || a.client_asset === query.get('asset') || a.server_asset === query.get('asset')) &&
    (state === 'open' ? !a.acknowledged : state === 'acknowledged' ? a.acknowledged : true) && has(query.get('q'), a.sentence, a.client_name, a.server_name, a.client?.ip, a.server?.ip))
  return page(rows, 'alerts', query)
}

function assets(query) {
  const state = query.get('state') ?? 'all'
  const rows = plant.assets.filter((a) =>
    (!query.get('level') || a.level === query.get('level')) && (!query.get('role') || a.role === query.get('role')) &&
    (state === 'known' ? a.known : state === 'new' ? !a.known : true) && has(query.get('q'), a.name, a.vendor, a.model, addressesOf(a)))
  return page(rows.map((a) => ({
    id: a.id, name: a.name ?? '', role: a.role ?? '', level: a.level ?? '', vendor: a.vendor ?? '', model: a.model ?? '', firmware: a.firmware ?? '',
    segment: a.segment, zone: a.zone, addresses_text: addressesOf(a), known: a.known, first_seen: a.first_seen, last_seen: a.last_seen, packets: a.packets, open_alerts: a.open_alerts,
  })), 'assets', query)
}

function conversations(query) {
  const asset = query.get('asset')
  const rows = plant.conversations.filter((c) => !asset || c.client_asset === asset || c.server_asset === asset)
  return page(rows.map(({ statements, verbs, client, server, packets, bytes, flows, partial, malformed, encrypted, one_way, ...c }) => ({
    ...c, packets: packets[0] + packets[1], bytes: bytes[0] + bytes[1], changes: verbs.some((v) => ['write', 'control', 'program', 'configure'].includes(v)), statements: statements.length,
  })), 'conversations', query)
}

function map() {
  const worst = (o) => ['high', 'medium', 'low', 'info'].find((s) => o[s] > 0) ?? ''
  const nodes = plant.assets.slice(0, 2000).map((a) => ({ id: a.id, name: a.name || addressesOf(a).split(',')[0], role: a.role ?? '', level: a.level ?? '', zone: `${a.segment}/${a.level ?? ''}`, known: a.known, severity: worst(a.open_alerts) }))
  const ids = new Set(nodes.map((n) => n.id))
  const pairs = new Map()
  for (const c of plant.conversations) {
    if (!c.client_asset || !c.server_asset || !ids.has(c.client_asset) || !ids.has(c.server_asset) || c.protocol === 'arp') continue
    const key = `${c.client_asset} ${c.server_asset}`
    const edge = pairs.get(key) ?? { key: `${c.client_asset}>${c.server_asset}`, from: c.client_asset, to: c.server_asset, protocols: '', operations: 0, changes: false, learned: true, severity: '' }
    edge.protocols = edge.protocols ? `${edge.protocols}, ${c.protocol}` : c.protocol
    edge.operations += c.operations
    edge.changes ||= c.verbs.includes('write') || c.verbs.includes('program')
    edge.learned &&= c.learned
    pairs.set(key, edge)
  }
  for (const a of plant.alerts) {
    const edge = pairs.get(`${a.client_asset} ${a.server_asset}`)
    if (edge && !a.acknowledged && order.indexOf(a.severity) > order.indexOf(edge.severity || 'none')) edge.severity = a.severity
  }
  const zones = [...new Map(nodes.map((n) => [n.zone, { id: n.zone, name: plant.assets.find((a) => a.id === n.id).zone, level: n.level }])).values()]
  return { map: { nodes, edges: [...pairs.values()].slice(0, 5000), zones, left_out: { nodes: Math.max(0, plant.assets.length - 2000), edges: Math.max(0, pairs.size - 5000) } } }
}

class Missing extends Error {}
const find = (rows, name, value) => {
  const row = rows.find((r) => r[name] === value)
  if (!row) throw new Missing(`${value} is not known`)
  return row
}
const mayAcknowledge = (request) => (request.headers.cookie ?? '').includes('firedoor=' + token)

async function api(request, path, query) {
  const [, , kind, id, act] = path.split('/').map(decodeURIComponent)
  if (request.method === 'POST' && act === 'acknowledge') {
    if (!mayAcknowledge(request)) return [401, { status: 401, title: 'Unauthorized', detail: 'Open the one-time link first.' }]
    let body = ''
    for await (const chunk of request) body += chunk
    const alert = find(plant.alerts, 'id', id)
    alert.acknowledged = { by: 'link', comment: JSON.parse(body).comment, wall_time: now() }
    countOpen(plant)
    tell('acknowledged', { id })
    return [200, detailOf(alert)]
  }
  if (kind === 'overview') return [200, overview()]
  if (kind === 'alerts') return [200, id ? detailOf(find(plant.alerts, 'id', id)) : alerts(query)]
  if (kind === 'assets') return [200, id ? find(plant.assets, 'id', id) : assets(query)]
  if (kind === 'conversations') return [200, id ? find(plant.conversations, 'key', id) : conversations(query)]
  if (kind === 'map') return [200, map()]
  if (kind === 'sensors') return [200, { sensors: plant.sensors.map((s) => ({ ...s, last_heard_wall: now(), wall_time: now() })) }]
  if (kind === 'session') return [200, { may_acknowledge: mayAcknowledge(request), by: mayAcknowledge(request) ? 'link' : '' }]
  throw new Missing(`${path} is not known`)
}

const tell = (event, data) => streams.forEach((s) => s.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))

function stream(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  streams.add(response)
  response.on('close', () => streams.delete(response))
  response.write(`event: hello\ndata: ${JSON.stringify({ site: 'Bottling, hall 2', wall_time: now() })}\n\n`)
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

function file(response, path) {
  let at = join(dist, normalize(path))
  try {
    if (!at.startsWith(dist) || !statSync(at).isFile()) at = join(dist, 'index.html')
  } catch {
    at = join(dist, 'index.html')
  }
  response.writeHead(200, {
    'Content-Type': types[extname(at)] ?? 'application/octet-stream', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  })
  response.end(readFileSync(at))
}

http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  if (url.pathname === '/api/stream') return stream(response)
  if (url.pathname.startsWith('/link/')) {
    response.writeHead(303, { Location: '/', 'Set-Cookie': `firedoor=${token}; HttpOnly; SameSite=Strict; Path=/` })
    return response.end()
  }
  if (!url.pathname.startsWith('/api/')) return file(response, url.pathname)
  try {
    const [status, body] = await api(request, url.pathname, url.searchParams)
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body))
  } catch (error) {
    const status = error instanceof Missing ? 404 : 500
    response.writeHead(status, { 'Content-Type': 'application/problem+json' })
    response.end(JSON.stringify({ status, title: status === 404 ? 'Not Found' : 'Internal Server Error', detail: error.message }))
  }
}).listen(Number(options.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${options.port} link http://127.0.0.1:${options.port}/link/${token}`))

// A new alert every so often, for the live part.
let made = 0
if (Number(options.every) > 0) {
  setInterval(() => {
    const alert = { ...plant.alerts[made % plant.alerts.length], id: `live${String(++made).padStart(12, '0')}`, acknowledged: null, time: now() }
    plant.alerts.unshift(alert)
    tell('alert', { id: alert.id, severity: alert.severity, time: alert.time, sentence: alert.sentence })
  }, Number(options.every))
}

// Made-up data in the shapes of the API: what a replay wrote to a folder
// (assets.json, conversations.json, alerts.json), repeated until there are as
// many assets and alerts as were asked for. Deterministic: no clock, no chance.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const techniques = {
  T0846: 'Remote System Discovery', T0888: 'Remote System Information Discovery', T0836: 'Modify Parameter',
  T0855: 'Unauthorized Command Message', T0848: 'Rogue Master', T0858: 'Change Operating Mode',
  T0816: 'Device Restart/Shutdown', T0843: 'Program Download', T0889: 'Modify Program', T0831: 'Manipulation of Control',
  T0857: 'System Firmware', T0814: 'Denial of Service',
}

const none = () => ({ info: 0, low: 0, medium: 0, high: 0 })
const levelNames = { L1: 'control', L2: 'supervisory', L3: 'site operations', L4: 'business', '': 'level unknown' }

export function makePlant({ sample, assets: wantAssets, alerts: wantAlerts }) {
  const read = (name) => JSON.parse(readFileSync(join(sample, name), 'utf8'))
  const base = { assets: read('assets.json'), conversations: read('conversations.json'), alerts: read('alerts.json') }
  const copies = Math.max(1, Math.ceil(wantAssets / base.assets.length))
  const plant = { assets: [], conversations: [], alerts: [], sensors: [sensor()], started: Date.now() }
  for (let copy = 0; copy < copies; copy++) addCopy(plant, base, copy)
  if (wantAssets) plant.assets.length = Math.min(plant.assets.length, wantAssets)
  const ids = new Set(plant.assets.map((a) => a.id))
  plant.conversations = plant.conversations.filter((c) => (!c.client_asset || ids.has(c.client_asset)) && (!c.server_asset || ids.has(c.server_asset)))
  fillAlerts(plant, base.alerts.length, wantAlerts)
  countOpen(plant)
  return plant
}

function addCopy(plant, base, copy) {
  const suffix = copy === 0 ? '' : `-${copy}`
  const idOf = (id) => (copy === 0 ? id : 'a-' + (BigInt('0x' + id.slice(2)) ^ (BigInt(copy) << 20n)).toString(16).padStart(12, '0').slice(-12))
  const holders = new Map()
  for (const a of base.assets) {
    const segment = copy === 0 ? a.segment : `${a.segment}${suffix}`
    const asset = { ...a, id: idOf(a.id), segment, name: a.name ? a.name + suffix : undefined, sensor: 'line' }
    asset.zone = `${segment}, ${levelNames[a.level ?? ''] ?? a.level}`
    asset.open_alerts = none()
    plant.assets.push(asset)
    for (const i of a.identifiers) holders.set(`${a.segment} ${i.value}`, asset)
  }
  const holder = (segment, end) => end && (holders.get(`${segment} ${end.ip}`) ?? holders.get(`${segment} ${end.mac}`))
  base.conversations.forEach((c, n) => {
    const client = holder(c.segment, c.client)
    const server = holder(c.segment, c.server)
    plant.conversations.push({
      ...c, key: `c${copy}-${n}`, segment: c.segment + suffix,
      client_asset: client?.id ?? '', server_asset: server?.id ?? '', client_name: nameOf(client, c.client), server_name: nameOf(server, c.server),
    })
  })
  for (const a of base.alerts) {
    const conversation = base.conversations.find((c) => c.client.ip === a.client?.ip && (!a.server || c.server.ip === a.server.ip))
    const segment = conversation?.segment ?? ''
    const client = holder(segment, a.client)
    const server = holder(segment, a.server)
    plant.alerts.push({
      ...a, id: copy === 0 ? a.id : a.id.slice(0, 10) + copy.toString(16).padStart(6, '0'), sensor: 'line', first_shown_wall: new Date(plant.started).toISOString(),
      client_asset: client?.id ?? '', server_asset: server?.id ?? '', client_name: nameOf(client, a.client), server_name: nameOf(server, a.server), acknowledged: null,
    })
  }
}

const nameOf = (asset, end) => asset?.name || end?.ip || end?.mac || ''

function fillAlerts(plant, perCopy, want) {
  if (want) {
    const base = plant.alerts.slice(0, perCopy)
    plant.alerts.length = Math.min(plant.alerts.length, want)
    for (let n = plant.alerts.length; n < want; n++) {
      const a = base[n % base.length]
      plant.alerts.push({ ...a, id: n.toString(16).padStart(16, '0'), severity: ['info', 'low', 'medium', 'high'][(n * 7) % 4] })
    }
    const start = Date.parse(plant.alerts[0].time)
    plant.alerts.forEach((a, n) => {
      a.time = new Date(start + n * 7919).toISOString().replace('Z', '000000Z')
      if (n % 3 === 0 && n > perCopy) a.acknowledged = { by: 'operator', comment: 'Known work on the line.', wall_time: new Date(plant.started).toISOString() }
    })
  }
  plant.alerts.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : a.id < b.id ? 1 : -1))
}

export function countOpen(plant) {
  const byId = new Map(plant.assets.map((a) => [a.id, a]))
  for (const a of plant.assets) a.open_alerts = none()
  for (const a of plant.alerts) {
    if (a.acknowledged) continue
    for (const id of new Set([a.client_asset, a.server_asset])) if (byId.has(id)) byId.get(id).open_alerts[a.severity]++
  }
}

function sensor() {
  return {
    name: 'line', version: 'made up', stage: 'watching', stage_since: '2026-03-02T06:10:48.000000000Z', learned_frames: 21020,
    traffic_time: '2026-03-02T06:17:59.000000000Z', wall_time: new Date().toISOString(), assets: 46, conversations: 151, learned_statements: 77,
    statements: 182, alerts: 12, restarts: 0, limits_reached: [], last_heard_wall: new Date().toISOString(), stale: false,
    sources: [{ name: 'plant.pcap.xz', kind: 'capture', state: 'running', frames: 32768, bytes: 4194304, dropped: 0, duplicates: 12, one_way: 3, gaps: 7, last_frame: '2026-03-02T06:17:59.000000000Z' }],
  }
}

export const detailOf = (alert) => ({
  ...alert,
  why: 'While learning, this client never asked this of this device, and no other client of its kind did either.',
  advice: 'Call the line at once and ask who works there. If nobody does, the device runs with a value that nobody chose until somebody sets it back.',
  techniques_named: alert.techniques.map((id) => ({ id, name: techniques[id] ?? id })),
})

export function addressesOf(asset) {
  return asset.identifiers.filter((i) => i.kind === 'ip' || i.kind === 'mac').map((i) => i.value).sort((a, b) => Number(a.includes(':')) - Number(b.includes(':'))).join(', ')
}

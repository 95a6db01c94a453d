import type { DoorWord, Mode, Severity, SimClass, Stage, Statement } from './api'

// The words people read. Plain first; the protocol's own stand behind.

export const severities: Severity[] = ['high', 'medium', 'low', 'info']

export const severityWord: Record<Severity, string> = { high: 'High', medium: 'Medium', low: 'Low', info: 'Info' }

const kinds: Record<string, string> = {
  'new-device': 'Unknown device looks around',
  'new-devices': 'New quiet devices',
  flood: 'Flood of new devices',
  'new-conversation': 'New conversation',
  'new-operation': 'Asked something new',
  'new-writer': 'Change by someone without the right',
  'new-object': 'Change of something new',
  'value-outside': 'Value outside the learned range',
  'grave-command': 'Grave command',
  'identity-change': 'Device says it is another',
  'device-replaced': 'Device replaced',
  'address-contradiction': 'Two devices claim one address',
  malformed: 'Messages that break the rules',
  'table-full': 'A table is full',
  'too-many-alerts': 'Too many alerts',
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

// kindWord says a kind of alert in plain words; one the page does not know is
// shown as it is called.
export const kindWord = (kind: string) => kinds[kind] ?? capital(kind.replaceAll('-', ' '))

const roles: Record<string, string> = {
  plc: 'PLC',
  'safety-controller': 'Safety controller',
  rtu: 'RTU',
  ied: 'IED',
  drive: 'Drive',
  robot: 'Robot',
  'remote-io': 'Remote I/O',
  hmi: 'HMI',
  'engineering-workstation': 'Engineering workstation',
  historian: 'Historian',
  'opc-server': 'OPC server',
  'scada-server': 'SCADA server',
  'data-gateway': 'Data gateway',
  'jump-host': 'Jump host',
  switch: 'Switch',
  router: 'Router',
  firewall: 'Firewall',
  printer: 'Printer',
  camera: 'Camera',
  'dns-server': 'DNS server',
  'dhcp-server': 'DHCP server',
  'domain-controller': 'Domain controller',
  server: 'Server',
  workstation: 'Workstation',
  'external-host': 'External host',
}

export const roleNames = Object.keys(roles)
export const roleWord = (role: string | undefined) => (role ? (roles[role] ?? capital(role.replaceAll('-', ' '))) : 'Role unknown')

// levels from top to bottom, as the Purdue model draws them; '' is not known.
export const levels = ['L5', 'L4', 'L3.5', 'L3', 'L2', 'L1', 'L0', '']

const levelNames: Record<string, string> = {
  L5: 'Enterprise and outside',
  L4: 'Business',
  'L3.5': 'Industrial DMZ',
  L3: 'Site operations',
  L2: 'Supervisory',
  L1: 'Control',
  L0: 'Process',
}

export const levelWord = (level: string | undefined) => (level ? (levelNames[level] ?? level) : 'Level unknown')

export const stageWord: Record<Stage, string> = {
  'no-baseline': 'No baseline',
  learning: 'Learning',
  watching: 'Watching',
  paused: 'Paused',
  unknown: 'Unknown',
}

export const stageMeaning: Record<Stage, string> = {
  'no-baseline': 'Nothing was learned yet: only what is suspicious by itself is told.',
  learning: 'What is seen now is taken for normal. Nothing new is told until learning ends.',
  watching: 'What was not learned is told.',
  paused: 'A maintenance window: nothing new is told or learned.',
  unknown: 'No sensor has said what it is doing.',
}

export const classes: SimClass[] = ['malicious', 'notable', 'routine']

export const classWord: Record<SimClass, string> = { malicious: 'Attack', notable: 'Honest, notable', routine: 'Honest, routine' }

export const classMeaning: Record<SimClass, string> = {
  malicious: 'Firedoor should tell of it.',
  notable: 'Nobody means harm. One informational alert is right, more is too much.',
  routine: 'Part of every week. Any alert is one too many.',
}

const verbs: Record<string, string> = {
  read: 'reads',
  write: 'writes',
  control: 'commands',
  program: 'programs',
  configure: 'configures',
  diagnose: 'diagnoses',
  identify: 'asks the identity of',
  session: 'keeps a session with',
}

export const verbWord = (verb: string) => verbs[verb] ?? verb
export const changing = new Set(['write', 'control', 'program', 'configure'])

// period says how often, in the largest unit that keeps it a short number.
export function period(ns: number): string {
  if (ns <= 0) return ''
  const ms = ns / 1e6
  if (ms < 1) return `every ${round(ns / 1e3)} µs`
  if (ms < 999.5) return `every ${round(ms)} ms`
  if (ms < 120_000) return `every ${round(ms / 1000)} s`
  if (ms < 7_200_000) return `every ${round(ms / 60_000)} min`
  return `every ${round(ms / 3_600_000)} h`
}

const round = (n: number) => (n < 10 ? Number(n.toFixed(1)) : Math.round(n)).toLocaleString('en')

export interface Sentence {
  before: string // up to the object: "HMI-2 reads"
  object: string // "holding:40 ×3"
  after: string // "of PLC-7 every 500 ms"
}

// statementSentence says a statement as a person would: who does what to whom, how often.
export function statementSentence(s: Statement, client: string, server: string): Sentence {
  const object = s.object ? s.object + (s.quantity !== undefined && s.quantity > 1 ? ` ×${s.quantity}` : '') : ''
  const whose = s.unit !== undefined && s.unit !== 0 && s.unit !== 255 ? `unit ${s.unit} of ${server}` : server
  const often = s.count > 1 ? period(s.period_ns) : 'once'
  const link = object ? 'of ' : ''
  return { before: `${client} ${verbWord(s.verb)}`, object, after: `${link}${whose}${often ? ' ' + often : ''}` }
}

// splitSentence parts an alert's sentence from the protocol's own words behind
// its last dash.
export function splitSentence(sentence: string): { plain: string; jargon: string } {
  const at = sentence.lastIndexOf(' - ')
  if (at < 0) return { plain: sentence, jargon: '' }
  const plain = sentence.slice(0, at).trim()
  return { plain: /[.?!]$/.test(plain) ? plain : plain + '.', jargon: sentence.slice(at + 3).replace(/\.$/, '').trim() }
}

export const count = (n: number) => n.toLocaleString('en')
export const times = (n: number) => (n === 1 ? 'once' : n === 2 ? 'twice' : `${count(n)} times`)
export const plural = (n: number, one: string, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`

// figure writes a process value: whole numbers whole, others with the digits that
// tell something.
export function figure(n: number): string {
  if (Number.isInteger(n) && Math.abs(n) < 1e15) return n.toLocaleString('en')
  const size = Math.abs(n)
  if (size >= 1e15 || size < 1e-4) return n.toExponential(4)
  return Number(n.toPrecision(6)).toLocaleString('en', { maximumFractionDigits: 9 })
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let at = 0
  while (n >= 1000 && at < units.length - 1) {
    n /= 1000
    at++
  }
  return `${at === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[at]}`
}

export function nameOf(name: string | undefined, address: string | undefined, id: string): string {
  return name || address || id || 'unknown'
}

export function addressText(a: { ip?: string; port?: number; mac?: string } | null): string {
  if (!a) return ''
  const host = a.ip ?? a.mac ?? ''
  return a.ip && a.port ? (a.ip.includes(':') ? `[${host}]:${a.port}` : `${host}:${a.port}`) : host
}

export const modeMeaning: Record<Mode, string> = {
  observe: 'Counted only: nothing is stopped or told.',
  test: 'Nothing is stopped: it is told what would be.',
  enforce: 'What the rules do not let pass is stopped.',
}

// doorWord says which door stands between two devices.
export const doorWord = (door: DoorWord, test: boolean) =>
  door === 'open' ? 'open' : test ? (door === 'shut' ? 'test: would be shut' : 'test: judged, not stopped') : door

export const doorMeaning: Record<DoorWord, string> = {
  open: 'everything passes',
  guarded: 'each request is judged, or some protocols stopped',
  shut: 'nothing passes',
}

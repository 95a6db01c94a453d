// The shapes of the API, version 1. Times are RFC 3339 in UTC with nine
// decimals. A member that ends in _wall, or is called wall_time, is by the wall
// clock; every other time is traffic time.

export type Severity = 'info' | 'low' | 'medium' | 'high'
export type Stage = 'no-baseline' | 'learning' | 'watching' | 'paused' | 'unknown'
export type SeverityCounts = Record<Severity, number>

export interface Address {
  ip?: string
  port?: number
  mac?: string
}

export interface Acknowledgement {
  by: string
  comment: string
  wall_time: string
}

export interface Alert {
  id: string
  time: string
  kind: string
  severity: Severity
  sentence: string
  client: Address | null
  server: Address | null
  protocol: string
  techniques: string[] | null
  capture: string
  frames: number[] | null
  sensor: string
  first_shown_wall: string
  client_asset: string
  server_asset: string
  client_name: string
  server_name: string
  acknowledged: Acknowledgement | null
}

export interface AlertDetail extends Alert {
  why: string
  advice: string
  techniques_named: { id: string; name: string }[] | null
}

export interface AlertPage {
  alerts: Alert[]
  total: number
  next: string
}

export interface Overview {
  site: string
  wall_time: string
  traffic_time: string
  alerts: { open: SeverityCounts; acknowledged: number; total: number }
  assets: { total: number; known: number; new: number; levels: Record<string, number> }
  conversations: number
  statements: number
  learned: number
  stage: Stage
  stage_since: string
  stage_until: string
  sensors: { total: number; running: number; troubled: number }
  problem: string // what keeps the console from showing the latest; empty: nothing
  needs: Alert[]
}

export interface AssetRow {
  id: string
  name: string
  role: string
  level: string
  vendor: string
  model: string
  firmware: string
  segment: string
  zone: string
  addresses_text: string
  known: boolean
  first_seen: string
  last_seen: string
  packets: number
  open_alerts: SeverityCounts
}

export interface AssetPage {
  assets: AssetRow[]
  total: number
  next: string
}

interface Evidence {
  capture: string
  frame: number
}

export interface Identifier extends Evidence {
  kind: string
  value: string
  bond?: string
  from: string
  to?: string
  last_seen: string
  source?: string
  confidence: number
}

export interface Fact extends Evidence {
  kind: string
  value: string
  slot?: number
  source: string
  confidence: number
  best?: boolean
  first_seen: string
  last_seen: string
}

export interface Relation extends Evidence {
  kind: string
  asset: string
  value?: string
  since: string
  reason: string
}

export interface AssetEvent extends Evidence {
  time: string
  kind: string
  assets: string[] | null
  value?: string
  reason: string
}

export interface Asset {
  id: string
  aliases?: string[]
  known: boolean
  segment: string
  name?: string
  role?: string
  level?: string
  role_reason?: string
  vendor?: string
  model?: string
  firmware?: string
  serial?: string
  first_seen: string
  last_seen: string
  packets: number
  bytes: number
  hosts_behind?: number
  identifiers: Identifier[] | null
  facts: Fact[] | null
  relations?: Relation[] | null
  history?: AssetEvent[] | null
  zone: string
  sensor: string
  open_alerts: SeverityCounts
}

export interface Point {
  segment: string
  server: Address
  protocol: string
  unit?: number
  object: string
  type: string
  name?: string
  measure?: string
  value: number | null
  min: number | null
  max: number | null
  changes: number
  written?: number
  first: string
  changed: string
}

export interface PointPage {
  points: Point[]
  total: number
  next: string
}

export interface ProgramContent {
  sha256?: string
  whole: boolean
  bytes: number
  downloads: number
  uploads: number
  learned: boolean
  first: string
  last: string
  client: Address | null
  capture?: string
  frame: number
}

export interface Program {
  key: string
  sensor: string
  segment: string
  server: Address
  protocol: string
  unit?: number
  kind: string
  name: string
  unfinished: number
  forgotten: number
  contents: ProgramContent[]
}

export interface ProgramPage {
  programs: Program[]
  total: number
  next: string
}

export interface ConversationRow {
  key: string
  client_asset: string
  server_asset: string
  client_name: string
  server_name: string
  protocol: string
  segment: string
  learned: boolean
  first: string
  last: string
  operations: number
  errors: number
  no_response: number
  samples: number
  packets: number
  bytes: number
  changes: boolean
  statements: number
}

export interface ConversationPage {
  conversations: ConversationRow[]
  total: number
  next: string
}

export interface Statement {
  protocol?: string
  unit?: number
  verb: string
  function: string
  code: number
  object?: string
  quantity?: number
  learned: boolean
  count: number
  errors: number
  no_response: number
  first: string
  last: string
  period_ns: number
  written?: { min: number; max: number; count: number }[]
}

export interface Conversation {
  key: string
  client_asset: string
  server_asset: string
  client_name: string
  server_name: string
  segment: string
  client: Address
  server: Address
  protocol: string
  learned: boolean
  first: string
  last: string
  flows: number
  packets: [number, number]
  bytes: [number, number]
  operations: number
  errors: number
  no_response: number
  partial: number
  samples: number
  malformed: number
  encrypted: number
  one_way: number
  verbs: string[] | null
  sent_to?: string
  statements: Statement[] | null
}

export interface MapNode {
  id: string
  name: string
  role: string
  level: string
  zone: string
  known: boolean
  severity: Severity | ''
}

export interface MapEdge {
  key: string // of the line, not of a conversation: it may stand for several
  from: string
  to: string
  protocols: string
  operations: number
  changes: boolean
  learned: boolean
  severity: Severity | ''
  door: DoorWord | '' // of all its protocols together; '' where no policy speaks of the two
  door_test: boolean // nothing is stopped yet: it is only told what would be
}

export type DoorWord = 'open' | 'guarded' | 'shut'

export interface MapZone {
  id: string
  name: string
  level: string
}

export interface PlantMap {
  nodes: MapNode[] | null
  edges: MapEdge[] | null
  zones: MapZone[] | null
  doors: boolean // a gateway told its policy
  left_out?: { nodes: number; edges: number }
}

export interface SourceState {
  name: string
  kind: string
  state: string
  problem?: string
  frames: number
  bytes: number
  dropped: number
  duplicates: number
  one_way: number
  gaps: number
  last_frame?: string
}

export interface Sensor {
  name: string
  version: string
  stage: Stage
  stage_since?: string
  stage_until?: string
  learned_frames: number
  traffic_time?: string
  wall_time: string
  sources: SourceState[] | null
  assets: number
  conversations: number
  learned_statements: number
  statements: number
  alerts: number
  restarts: number
  limits_reached: { name: string; times: number }[] | null
  last_heard_wall: string
  stale: boolean
}

export interface Session {
  may_acknowledge: boolean
  by: string
  simulation: boolean // there is a simulated plant to see
}

// The simulated plant. Its times are by its own clock, which is that of the traffic.

export interface SimValue {
  controller: string
  tag: string
  words: string
  unit: string
  role: string // SP, PV, CV
  value: number
  low: number // low to high is the usual range; both the same: none is known
  high: number
}

export interface SimCell {
  name: string
  words: string
  state: string // producing, paused, stopped, no power
  utility: boolean // it supplies the line
  values: SimValue[] | null
}

export type SimClass = 'malicious' | 'notable' | 'routine'

export interface SimScenario {
  name: string
  title: string
  words: string
  class: SimClass
  techniques_named: { id: string; name: string }[] | null
  lasts: string
}

export interface SimAct {
  id: string
  scenario: string
  title: string
  class: SimClass
  began: string
  ended: string // empty while it is under way
  hosts: string[] | null
}

export interface SimEvent {
  time: string
  cell: string
  kind: string
  words: string
}

export interface Simulation {
  time: string
  speed: number
  running: boolean
  good_per_hour: number
  good: number
  bad: number
  cells: SimCell[] | null
  scenarios: SimScenario[] | null
  acts: SimAct[] | null
  events: SimEvent[] | null
}

export interface Series {
  controller: string
  tag: string
  words: string
  unit: string
  low: number
  high: number
  times: number[] | null // ms since 1970
  values: number[] | null
}

// What is known of gateways. Their times are by the wall clock.

export interface GatewayStatus {
  inside: string
  outside: string
  policy: string
  bypass: boolean
  bypass_ended: string
  unapplied: string
  unwritten: string
  worker: string
  workers_started: number
  kernel_in: number
  kernel_explained: number
  reports: number
  reports_lost: number
  unsent: number
  on_crash: string
  on_hang: string
  on_power_loss: string
}

export interface Barred {
  client: string
  name: string
  deaths: number
  since_wall: string
}

export interface Shed {
  conduit: string
  client: string // empty: all of the conduit
  name: string
  since_wall: string
  until_wall: string
  why: string
}

export interface Isolation {
  id: number
  verb: string
  scope: string
  reason: string
  by: string
  since_wall: string
  until_wall: string
  state: string // active, pending, testing
  no_effect: string
}

export interface Times {
  stopped: number
  tested: number // times that it would have been
  last_wall: string
}

export interface PolicyRule extends Times {
  id: string
  line: number
  name: string
  sentence: string
  verdict: string
  never_block: boolean
}

export interface StopReason extends Times {
  reason: string
  sentence: string
}

export type Mode = 'observe' | 'test' | 'enforce'

export interface Conduit {
  name: string
  from: string
  to: string
  mode: Mode
  default: string
  unjudged: 'reads' | 'open' | 'closed' // what becomes of what cannot be judged in time
  reviewed_by: string
  reviewed_on: string
  rules: PolicyRule[]
  reasons: StopReason[]
}

export interface PolicyZone {
  name: string
  level: string
  target: number
  hosts: number
  addresses: string
}

export interface Policy {
  known: boolean
  name: string
  otherwise: string
  zones: PolicyZone[]
  conduits: Conduit[]
  left_out: number
  reasons: StopReason[]
}

export interface Finding {
  sentence: string
  why: string
  test: boolean
  says: string
  conduit: string
  rule: string
  count: number
  first_wall: string
  last_wall: string
}

export interface Gateway {
  name: string
  folder: string
  heard_wall: string
  away: boolean
  problem: string
  status: GatewayStatus
  isolations: Isolation[]
  barred: Barred[]
  shed: Shed[]
  policy: Policy
  since_wall: string
  stopped: number
  tested: number
  findings: Finding[]
  more_findings: number
  unsorted: number
  unread: number
}

export interface Policies {
  wall_time: string
  gateways: Gateway[]
}

export interface Stop {
  seq: number
  gateway: string
  wall_time: string
  sentence: string
  why: string
  test: boolean
  done: string
  says: string
  client_at: string
  server_at: string
  protocol: string
  function: string
}

export interface StopPage {
  stops: Stop[]
  total: number
  next: string
  older: boolean
}

export interface Passage {
  gateway: string
  protocol: string
  port: number
  door: DoorWord
  test: boolean
  conduit: string
  rule: string
  sentence: string
}

export interface Trial {
  problems: { line: number; key: string; text: string }[]
  remarks: { line: number; kind: string; text: string }[]
  more: number
  tried: boolean
  why: string // why it was not tried, or not on all that is there
  from: string // traffic time
  until: string
  operations: number
  stopped_operations: number
  enforced: number
  undecided: number
  kinds: { sentence: string; why: string; verdict: string; count: number; first: string; protocol: string; function: string }[]
  more_kinds: number
  rules: { rule: string; line: number; undecided: string }[]
  more_rules: number
  unseen: string // what the journal does not hold
}

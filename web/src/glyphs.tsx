// Role signs and icons: strokes in a box of 24 by 24, drawn as SVG in the page
// and as Path2D on the map.

const box = 'M4 5h16v14H4z'

export const roleStrokes: Record<string, string> = {
  plc: 'M3 5h18v14H3zM9 5v14M15 5v14M5.500 9h1M11.500 9h1M17.500 9h1',
  'safety-controller': 'M12 3l8 3v6c0 5-3.500 7.500-8 9-4.500-1.500-8-4-8-9V6zM8.500 12l2.500 2.500L15.500 10',
  rtu: 'M4 12h16v8H4zM12 12V6M8.500 8a4.500 4.500 0 0 1 7 0M6 5a8 8 0 0 1 12 0M8 16h4',
  ied: 'M5 3h14v18H5zM13 6.500L9.500 12h5L11 17.500',
  drive: 'M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16M7.500 12c1.500-4.500 3-4.500 4.500 0s3 4.500 4.500 0',
  robot: 'M5 20h9M9.500 20v-6L7 9l7-4M14 5l5 1M14 5l2.500 4.500',
  'remote-io': 'M3 6h18v8H3zM7.500 6v8M12 6v8M16.500 6v8M5 14v5M10 14v5M14 14v5M19 14v5',
  hmi: 'M3 4h18v13H3zM6 13l3.500-4 3 2.500L18 7.500M8 20.500h8',
  'engineering-workstation': 'M5 4h14v11H5zM2.500 19h19L19 15M10.500 7L8 9.500l2.500 2.500M13.500 7L16 9.500 13.500 12',
  historian: 'M5 6c0-3.500 14-3.500 14 0v12c0 3.500-14 3.500-14 0zM5 6c0 3.500 14 3.500 14 0M12 11.500V15h3',
  'opc-server': 'M4 3h16v7H4zM4 14h16v7H4zM12 10v4M7 6.500h3M7 17.500h3',
  'scada-server': 'M4 3h16v6H4zM4 11h16v10H4zM7 6h2M7 18l3-3.500 2.500 1.500L17 13.500',
  'data-gateway': 'M2.500 7h7v10h-7zM14.500 7h7v10h-7zM9.500 10.500h5M9.500 13.500h5',
  'jump-host': 'M3 19h18M4 15C6.500 5.500 15 5.500 18 13.500M18.500 9l-.5 4.500-4.300-.7',
  switch: 'M3 6h18v12H3zM7 10.500h9l-2-2M17 13.500H8l2 2',
  router: 'M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 0 0 0-17M12 6.500v4M12 17.500v-4M6.500 12h4M17.500 12h-4',
  firewall: 'M3 5h18v14H3zM3 9.700h18M3 14.300h18M9 5v4.700M15 9.700v4.600M9 14.300V19',
  printer: 'M7 9V4h10v5M7 16H4V9h16v7h-3M7 13.500h10V20H7z',
  camera: 'M3 7h12v10H3zM15 11l6-3.500v9L15 13',
  'dns-server': box + 'M8 9h8M8 12h8M8 15h5',
  'dhcp-server': box + 'M8 9.500h4M8 14.500h4M15.500 9.500h.5M15.500 14.500h.5',
  'domain-controller': box + 'M9 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4M11 12h6M15 12v2',
  server: 'M5 3h14v18H5zM8 7h8M8 11h8M12 17h.5',
  workstation: 'M4 4h16v11H4zM8.500 19.500h7M12 15v4.500',
  'external-host': 'M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 0 0 0-17M3.500 12h17M12 3.500c-5 5-5 12 0 17M12 3.500c5 5 5 12 0 17',
}

export const unknownStrokes = 'M5 5h14v14H5zM10 10.200a2 2 0 1 1 3 1.700c-.700.500-1 .9-1 1.600M12 16.300v.2'

export const strokesOf = (role: string | undefined) => roleStrokes[role ?? ''] ?? unknownStrokes

const iconStrokes = {
  overview: 'M3 13a9 9 0 1 1 18 0M12 13l4-4M3 18h18',
  map: 'M9 4h6v5H9zM3 15h6v5H3zM15 15h6v5h-6zM12 9v3M6 15v-3h12v3',
  assets: 'M4 5h16M4 10h16M4 15h16M4 20h10',
  alerts: 'M12 4l9 16H3zM12 10v5M12 17.200v.3',
  sensors: 'M2.500 12c5-8 14-8 19 0c-5 8-14 8-19 0M12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6',
  factory: 'M3 20V9l5.500 3.500V9L14 12.500V5h7v15zM7 16h1M11.500 16h1M16 16h1',
  door: 'M6 21V3h12v18M3.500 21h17M14.500 11.500v1.500',
  play: 'M7 4.500v15L19.500 12z',
  pause: 'M8.500 5v14M15.500 5v14',
  stop: 'M6 6h12v12H6z',
  unplugged: 'M4 4l16 16M8.500 3v3.500M15.500 3v5M6 8.500V11a6 6 0 0 0 8.500 5.500M18 13V8.500h-5M12 17v4.500',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13a6.500 6.500 0 0 0 0-13M15.500 15.500L20.500 20.500',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8M12 2.500v2.500M12 19v2.500M2.500 12H5M19 12h2.500M5.300 5.300l1.800 1.800M16.900 16.900l1.800 1.800M18.700 5.300l-1.800 1.800M7.100 16.900l-1.800 1.800',
  moon: 'M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10',
  keyboard: 'M2.500 6h19v12h-19zM6 10h.5M10 10h.5M14 10h.5M18 10h.5M7 14.500h10',
  check: 'M4.500 12.500l5 5L19.500 7',
  right: 'M9 5l7 7-7 7',
  left: 'M15 5l-7 7 7 7',
  down: 'M5 9l7 7 7-7',
  arrow: 'M4 12h15M13.500 6.500L19 12l-5.500 5.500',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  traffic: 'M2.500 12H7l2.500-7 5 14L17 12h4.500',
  wall: 'M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 0 0 0-17M12 7v5l3.500 2',
  pen: 'M4 20l1-4.500L16.500 4 20 7.500 8.500 19z',
  broken: 'M3 12h5M16 12h5M10 8l4 8',
} as const

export type IconName = keyof typeof iconStrokes

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return <Strokes d={iconStrokes[name]} size={size} />
}

export function RoleIcon({ role, size = 18 }: { role: string | undefined; size?: number }) {
  return <Strokes d={strokesOf(role)} size={size} />
}

function Strokes({ d, size }: { d: string; size: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" style={{ width: `${size / 16}rem`, height: `${size / 16}rem` }} aria-hidden="true" focusable="false">
      <path d={d} fill="none" stroke="currentColor" strokeWidth="1.700" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

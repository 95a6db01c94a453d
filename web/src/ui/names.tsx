import { RoleIcon } from '../glyphs'
import { Link } from '../router'
import { roleWord } from '../words'

// AssetLink names an asset and leads to it; without an id it is only a name.
export function AssetLink({ id, name, role }: { id: string; name: string; role?: string }) {
  if (!id) return <span>{name || 'unknown'}</span>
  return (
    <Link className="asset-link" href={`/assets/${encodeURIComponent(id)}`}>
      {role !== undefined && <RoleIcon role={role} size={16} />}
      <span>{name || id}</span>
    </Link>
  )
}

export function RoleName({ role }: { role: string | undefined }) {
  return (
    <span className={role ? 'role' : 'role dim'}>
      <RoleIcon role={role} size={16} />
      <span>{roleWord(role)}</span>
    </span>
  )
}

// EvidenceText names the frame that proves something.
export function EvidenceText({ capture, frame }: { capture: string; frame: number }) {
  if (!capture && !frame) return <span className="dim">–</span>
  return (
    <span className="evidence" title={`${capture}, frame ${frame}`}>
      <span className="evidence-capture">{capture}</span> <span className="num">#{frame}</span>
    </span>
  )
}

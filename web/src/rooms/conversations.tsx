import { useId, useMemo, useState, type MouseEvent } from 'react'
import type { ConversationRow } from '../api'
import { Icon } from '../glyphs'
import { useConversation, useConversations } from '../queries'
import { Link } from '../router'
import { NotLearnedTag, Tag } from '../ui/marks'
import { AssetLink } from '../ui/names'
import { Shown } from '../ui/states'
import { Statements } from '../ui/statements'
import { bytes, count, plural } from '../words'

// Conversations lists who a device speaks with; each opens to what is asked.
export function Conversations({ asset }: { asset: string }) {
  const conversations = useConversations({ asset })
  const rows = useMemo(() => {
    const all = conversations.data?.pages.flatMap((p) => p.conversations) ?? []
    // What is said comes before the housekeeping of the network.
    return [...all].sort((a, b) => Number(a.learned) - Number(b.learned) || b.operations + b.samples - (a.operations + a.samples) || b.packets - a.packets)
  }, [conversations.data])
  const total = conversations.data?.pages[0]?.total ?? 0
  return (
    <section className="panel" aria-labelledby="conversations">
      <div className="panel-head">
        <h2 id="conversations">Conversations</h2>
        <span className="dim">{conversations.data && count(total)}</span>
      </div>
      <Shown of={conversations} what="conversations" rows={4}>
        {() =>
          rows.length === 0 ? (
            <p className="quiet">It speaks with nobody that was seen.</p>
          ) : (
            <ul className="conversations">
              {rows.map((row) => (
                <Conversation key={row.key} row={row} asset={asset} />
              ))}
            </ul>
          )
        }
      </Shown>
      {conversations.hasNextPage && (
        <button type="button" className="more" onClick={() => void conversations.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  )
}

function Conversation({ row, asset }: { row: ConversationRow; asset: string }) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const toggle = (event: MouseEvent) => {
    if (!(event.target as Element).closest('a')) setOpen(!open)
  }
  const server = row.server_name || 'everybody'
  return (
    <li className="conversation">
      <div className="conversation-row" onClick={toggle}>
        <button
          type="button"
          className="conversation-toggle"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          aria-label={`What ${row.client_name || row.client_asset} asks of ${server}, ${row.protocol}`}
        >
          <Icon name="right" size={14} />
        </button>
        <span className="conversation-ends">
          <Name id={row.client_asset} name={row.client_name} self={row.client_asset === asset} />
          <Icon name="arrow" size={14} />
          <span className="sr-only">to</span>
          <Name id={row.server_asset} name={server} self={row.server_asset === asset} />
        </span>
        <span className="protocol">{row.protocol}</span>
        <span className="conversation-tags">
          {row.changes && <Tag><Icon name="pen" size={13} /> changes</Tag>}
          <NotLearnedTag learned={row.learned} />
        </span>
        <span className="conversation-counts num">{countsOf(row)}</span>
      </div>
      {open && <Body id={id} row={row} />}
    </li>
  )
}

function Name({ id, name, self }: { id: string; name: string; self: boolean }) {
  if (self) return <strong>{name || id}</strong>
  return <AssetLink id={id} name={name} />
}

function countsOf(row: ConversationRow): string {
  const parts = []
  if (row.operations > 0) parts.push(plural(row.operations, 'operation'))
  if (row.samples > 0) parts.push(plural(row.samples, 'sample'))
  if (parts.length === 0) parts.push(`${plural(row.packets, 'packet')}, ${bytes(row.bytes)}`)
  if (row.errors > 0) parts.push(`${plural(row.errors, 'error')}`)
  if (row.no_response > 0) parts.push(`${count(row.no_response)} unanswered`)
  return parts.join(' · ')
}

function Body({ id, row }: { id: string; row: ConversationRow }) {
  const conversation = useConversation(row.key)
  return (
    <div className="conversation-body" id={id}>
      <Shown of={conversation} what="conversation" rows={3}>
        {(data) => <Statements of={data} />}
      </Shown>
      <Link className="small" href={`/conversations/${encodeURIComponent(row.key)}`}>
        Open this conversation alone
      </Link>
    </div>
  )
}

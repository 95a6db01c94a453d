import type { Conversation } from '../api'
import { Icon } from '../glyphs'
import { useConversation } from '../queries'
import { Link } from '../router'
import { NotLearnedTag } from '../ui/marks'
import { AssetLink } from '../ui/names'
import { Shown } from '../ui/states'
import { Statements } from '../ui/statements'
import { TrafficTime } from '../ui/when'
import { addressText, bytes, count } from '../words'

// ConversationRoom shows one conversation by itself.
export function ConversationRoom({ id }: { id: string }) {
  const conversation = useConversation(id)
  return (
    <div className="room page">
      <Shown of={conversation} what="conversation">
        {(data) => <Detail of={data} />}
      </Shown>
    </div>
  )
}

function Detail({ of }: { of: Conversation }) {
  return (
    <>
      <p className="crumbs">
        {of.client_asset ? <Link href={`/assets/${encodeURIComponent(of.client_asset)}`}>{of.client_name || of.client_asset}</Link> : <Link href="/assets">Assets</Link>}
      </p>
      <header className="asset-head">
        <div>
          <h1 className="conversation-title">
            <AssetLink id={of.client_asset} name={of.client_name || addressText(of.client)} />
            <Icon name="arrow" size={22} />
            <span className="sr-only">to</span>
            {of.server_asset || of.server_name || addressText(of.server) ? (
              <AssetLink id={of.server_asset} name={of.server_name || addressText(of.server)} />
            ) : (
              <span>everybody</span>
            )}
          </h1>
          <p>
            {of.protocol} <NotLearnedTag learned={of.learned} />
          </p>
        </div>
      </header>
      <dl className="strip">
        <Item name="Segment">{of.segment}</Item>
        <Item name="Client"><span className="num">{addressText(of.client) || '–'}</span></Item>
        <Item name="Server"><span className="num">{addressText(of.server) || 'everybody'}</span>{of.sent_to && `, both send to everybody (${of.sent_to})`}</Item>
        <Item name="First seen"><TrafficTime time={of.first} /></Item>
        <Item name="Last seen"><TrafficTime time={of.last} /></Item>
        <Item name="Connections">{count(of.flows)}{of.one_way > 0 && `, ${count(of.one_way)} seen one way only`}</Item>
        <Item name="From the client">{count(of.packets[0])} packets, {bytes(of.bytes[0])}</Item>
        <Item name="From the server">{count(of.packets[1])} packets, {bytes(of.bytes[1])}</Item>
        <Item name="Operations">{count(of.operations)}</Item>
        <Item name="Errors">{count(of.errors)}</Item>
        <Item name="Unanswered">{count(of.no_response)}</Item>
        {of.malformed > 0 && <Item name="Against the rules">{count(of.malformed)}</Item>}
      </dl>
      <section className="panel" aria-labelledby="statements">
        <div className="panel-head">
          <h2 id="statements">What is asked</h2>
          <span className="dim">{count((of.statements ?? []).length)}</span>
        </div>
        <Statements of={of} />
      </section>
    </>
  )
}

function Item({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

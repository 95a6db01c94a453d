import { Button, CloseButton, CopyButton, Textarea } from '@mantine/core'
import { useEffect, useId, useRef, useState, type FormEvent } from 'react'
import type { Address, AlertDetail } from '../api'
import { Icon } from '../glyphs'
import { useAcknowledge, useAlert, useSession } from '../queries'
import { Link } from '../router'
import { SeverityLabel } from '../ui/marks'
import { AssetLink } from '../ui/names'
import { Shown } from '../ui/states'
import { TrafficTime, WallTime } from '../ui/when'
import { addressText, kindWord, splitSentence } from '../words'

// AlertPane shows one alert: the sentence, why it is unusual, what to do, and
// what proves it.
export function AlertPane({ id, onClose }: { id: string; onClose: () => void }) {
  const alert = useAlert(id)
  const pane = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a narrow screen the pane takes the place of the list, and the focus with it.
    if (window.matchMedia('(width < 1100px)').matches) pane.current?.focus({ preventScroll: true })
  }, [])
  return (
    <aside ref={pane} tabIndex={-1} className="pane" aria-label="The chosen alert">
      <h1 className="pane-title">Alert</h1>
      <CloseButton className="pane-close" aria-label="Close the alert" title="Close (Esc)" onClick={onClose} />
      <Shown of={alert} what="alert">
        {(data) => <Detail alert={data} />}
      </Shown>
    </aside>
  )
}

function Detail({ alert }: { alert: AlertDetail }) {
  const { plain, jargon } = splitSentence(alert.sentence)
  return (
    <article className={`alert-detail ${alert.acknowledged ? 'done' : alert.severity}`}>
      <p className="alert-kind">
        <SeverityLabel severity={alert.severity} done={alert.acknowledged !== null} />
        <span>{kindWord(alert.kind)}</span>
        <TrafficTime time={alert.time} />
      </p>
      <h2 className="alert-sentence">{plain}</h2>
      {jargon && <p className="jargon">In the protocol’s words: {jargon}</p>}
      <div className="alert-advice">
        <h3>What to do</h3>
        <p>{alert.advice}</p>
      </div>
      <h3>Why this is unusual</h3>
      <p>{alert.why}</p>
      <h3>Between whom</h3>
      <Ends alert={alert} />
      <h3>What proves it</h3>
      <Evidence alert={alert} />
      {(alert.techniques_named ?? []).length > 0 && (
        <>
          <h3>Known techniques it fits</h3>
          <ul className="techniques">
            {(alert.techniques_named ?? []).map((t) => (
              <li key={t.id}>
                <span>{t.name}</span> <span className="dim num">{t.id}</span>
              </li>
            ))}
          </ul>
          <p className="dim small">MITRE ATT&amp;CK for ICS</p>
        </>
      )}
      <Acknowledge alert={alert} />
    </article>
  )
}

function Ends({ alert }: { alert: AlertDetail }) {
  return (
    <div className="ends">
      <End what="Client" id={alert.client_asset} name={alert.client_name} address={alert.client} />
      {(alert.server || alert.server_asset) && (
        <>
          <span className="ends-arrow">
            <Icon name="arrow" size={18} />
            <span className="dim small">{alert.protocol}</span>
          </span>
          <End what="Server" id={alert.server_asset} name={alert.server_name} address={alert.server} />
        </>
      )}
    </div>
  )
}

function End({ what, id, name, address }: { what: string; id: string; name: string; address: Address | null }) {
  if (!id && !address) return <div className="end dim">Nothing is known of the {what.toLowerCase()}.</div>
  return (
    <div className="end">
      <span className="dim small">{what}</span>
      <strong>
        <AssetLink id={id} name={name || addressText(address)} />
      </strong>
      {address && (
        <span className="num small">
          {addressText(address)}
          {address.ip && address.mac ? ` · ${address.mac}` : ''}
        </span>
      )}
      {id && (
        <Link className="small" href={`/map?node=${encodeURIComponent(id)}`}>
          Show on the map
        </Link>
      )}
    </div>
  )
}

function Evidence({ alert }: { alert: AlertDetail }) {
  const frames = alert.frames ?? []
  if (frames.length === 0) return <p className="dim">No frame stands for this alone.</p>
  const filter = `frame.number in {${frames.join(', ')}}`
  return (
    <div className="evidence-box">
      <p>
        {alert.capture}, {frames.length === 1 ? 'frame' : 'frames'} <span className="num">{frames.join(', ')}</span>
      </p>
      <p className="evidence-filter">
        <code>{filter}</code>
        <CopyButton value={filter}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy display filter'}
            </Button>
          )}
        </CopyButton>
      </p>
      <p className="dim small">
        Seen by sensor {alert.sensor}; first shown <WallTime time={alert.first_shown_wall} />
      </p>
    </div>
  )
}

const longest = 2000 // characters of a comment, as the API has it

function Acknowledge({ alert }: { alert: AlertDetail }) {
  const session = useSession()
  const heading = useId()
  return (
    <section className="acknowledge" aria-labelledby={heading}>
      <h3 id={heading}>{alert.acknowledged ? 'Acknowledged' : 'Acknowledge'}</h3>
      {alert.acknowledged ? (
        <blockquote>
          <p>{alert.acknowledged.comment}</p>
          <footer className="dim small">
            {alert.acknowledged.by}, <WallTime time={alert.acknowledged.wall_time} />
          </footer>
        </blockquote>
      ) : session.data?.may_acknowledge ? (
        <AcknowledgeForm id={alert.id} by={session.data.by} />
      ) : (
        <p className="hint">
          Reading is open on this machine. To acknowledge, open the one-time link that firedoor printed where it was started; it makes this browser
          yours. <code>firedoor link</code> there prints a new one.
        </p>
      )}
    </section>
  )
}

function AcknowledgeForm({ id, by }: { id: string; by: string }) {
  const [comment, setComment] = useState('')
  const acknowledge = useAcknowledge(id)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (comment.trim()) acknowledge.mutate(comment.trim())
  }
  return (
    <form onSubmit={submit}>
      <Textarea
        label="What was found, or what was done"
        description={`Kept with the alert${by ? `, as said by ${by}` : ''}. The alert is no longer counted as open; nothing in the plant is touched.`}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
        maxLength={longest}
        required
        withAsterisk={false}
        autosize
        minRows={2}
        maxRows={8}
        error={acknowledge.error ? `Not saved: ${acknowledge.error.message}` : undefined}
      />
      <Button type="submit" loading={acknowledge.isPending} disabled={!comment.trim()} leftSection={<Icon name="check" size={16} />}>
        Acknowledge
      </Button>
    </form>
  )
}

import { Button, FileButton, Textarea } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { Gateway, Trial } from '../api'
import { Icon } from '../glyphs'
import { useTrial } from '../queries'
import { SeverityMark, Tag } from '../ui/marks'
import { TrafficTime } from '../ui/when'
import { count, plural } from '../words'

const most = 1 << 20 // bytes of a policy that is tried here

// WhatIfPanel tries a policy on what is over: nothing is changed by it.
export function WhatIfPanel({ gateways }: { gateways: Gateway[] }) {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const trial = useTrial()
  const answer = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (trial.data) answer.current?.focus()
  }, [trial.data])
  const load = (file: File | null) => {
    if (!file) return
    if (file.size > most) {
      setWrong(`${file.name} is larger than 1 MiB: try it with firedoor policy replay --journal.`)
      return
    }
    void file.text().then(
      (read) => {
        setText(read)
        setWrong('')
      },
      () => setWrong(`${file.name} could not be read.`),
    )
  }
  return (
    <section className="panel" aria-labelledby="whatif">
      <div className="panel-head">
        <h2 id="whatif">What would a policy have stopped?</h2>
      </div>
      <p className="dim">It is held against what this console’s sensor saw and its journal still has. Nothing is changed, and no gateway hears of it.</p>
      <form
        className="trial"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim()) trial.mutate({ policy: text })
        }}
      >
        <Textarea
          label="A policy"
          placeholder={'policy: 1\nname: …'}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          minRows={8}
          maxRows={22}
          autosize
          spellCheck={false}
          classNames={{ input: 'trial-text' }}
        />
        <div className="trial-buttons">
          <Button type="submit" color="dark" disabled={!text.trim()} loading={trial.isPending}>
            Try it
          </Button>
          <FileButton onChange={load} accept=".yaml,.yml,text/yaml,text/plain">
            {(props) => (
              <Button variant="default" {...props}>
                Choose a file
              </Button>
            )}
          </FileButton>
          {gateways.map((g) => (
            <Button key={g.name} variant="default" disabled={!g.policy.known || trial.isPending} onClick={() => trial.mutate({ gateway: g.name })}>
              Try what is in force{gateways.length > 1 ? ` in ${g.name}` : ''}
            </Button>
          ))}
        </div>
      </form>
      <div role="status">
        {wrong && <p className="problem"><SeverityMark severity="medium" size={18} /> {wrong}</p>}
        {trial.isPending && <p className="quiet">Looking at what was asked. This takes up to 20 seconds.</p>}
        {trial.error && <p className="problem"><SeverityMark severity="medium" size={18} /> {trial.error.message}</p>}
      </div>
      {trial.data && !trial.isPending && (
        <div ref={answer} tabIndex={-1} className="trial-answer">
          <Answer trial={trial.data} />
        </div>
      )}
    </section>
  )
}

const shownKinds = 15 // until more are asked for

function Answer({ trial: t }: { trial: Trial }) {
  const [all, setAll] = useState(false)
  if (t.problems.length > 0) {
    return (
      <>
        <h3>What is wrong with it</h3>
        <ul className="blind">
          {t.problems.map((p, i) => (
            <li key={i}>
              <SeverityMark severity="medium" size={18} />
              <span>
                {p.line > 0 && <strong>Line {p.line}: </strong>}
                {p.key && <code>{p.key}</code>} {p.text}
              </span>
            </li>
          ))}
        </ul>
        <p className="hint">{t.more > 0 && `${plural(t.more, 'more problem')}. `}Nothing was tried: mend it first.</p>
      </>
    )
  }
  return (
    <>
      <h3>{verdict(t)}</h3>
      {t.from && (
        <p className="dim">
          {plural(t.operations, 'operation')} from <TrafficTime time={t.from} /> to <TrafficTime time={t.until} />
          {t.stopped_operations > 0 && `; ${count(t.enforced)} of those stopped are in conduits that enforce as they are`}.
        </p>
      )}
      {t.why && <p className="problem"><SeverityMark severity="medium" size={18} /> {t.why}</p>}
      {t.unseen && <p className="dim">Not all that went by could be looked at: {t.unseen}.</p>}
      {t.undecided > 0 && <p className="problem"><SeverityMark severity="medium" size={18} /> Of {plural(t.undecided, 'operation')} it cannot be told.</p>}
      {t.kinds.length > 0 && (
        <ul className="findings">
          {t.kinds.slice(0, all ? undefined : shownKinds).map((k, i) => (
            <li key={i} className="finding test">
              <p className="finding-sentence">
                {k.sentence} <Tag>{k.verdict}</Tag>
              </p>
              <p className="dim small finding-foot">
                <span>by {k.why}</span>
                <span className="jargon">{[k.protocol, k.function].filter(Boolean).join(', ')}</span>
                <span>first <TrafficTime time={k.first} /></span>
              </p>
            </li>
          ))}
        </ul>
      )}
      {t.kinds.length > shownKinds && (
        <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${plural(t.kinds.length - shownKinds, 'more kind')}`}
        </button>
      )}
      {t.more_kinds > 0 && (all || t.kinds.length <= shownKinds) && <p className="hint">{plural(t.more_kinds, 'more kind')} of requests are not listed: firedoor policy replay --journal lists them.</p>}
      <Rules trial={t} />
      {t.remarks.length > 0 && (
        <details>
          <summary>{plural(t.remarks.length + t.more, 'remark')} on the policy itself</summary>
          <ul className="plain-list small">
            {t.remarks.map((r, i) => (
              <li key={i}>
                {r.line > 0 && `Line ${r.line}: `}
                {r.text}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function verdict(t: Trial): string {
  if (!t.tried) return 'The policy is in order. It was not tried.'
  if (t.operations === 0) return 'The policy is in order. There was nothing to try it on.'
  if (t.stopped_operations === 0) return 'Nothing would have been stopped.'
  return `${plural(t.stopped_operations, 'operation')} would have been stopped.`
}

function Rules({ trial: t }: { trial: Trial }) {
  const unsure = t.rules.filter((r) => r.undecided)
  const unused = t.rules.filter((r) => !r.undecided)
  return (
    <>
      {unsure.length > 0 && (
        <details open>
          <summary>{plural(unsure.length, 'rule')} of which it cannot be told what they would have done</summary>
          <ul className="plain-list small">
            {unsure.map((r) => (
              <li key={r.rule + r.line}>
                {r.rule}: {r.undecided}.
              </li>
            ))}
          </ul>
        </details>
      )}
      {unused.length > 0 && (
        <details>
          <summary>{plural(unused.length, 'rule')} never used</summary>
          <ul className="plain-list small">
            {unused.map((r) => (
              <li key={r.rule + r.line}>
                <Icon name="minus" size={14} /> {r.rule}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

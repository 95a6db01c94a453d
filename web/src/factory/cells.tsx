import { useState } from 'react'
import type { SimCell, SimValue } from '../api'
import { Icon, type IconName } from '../glyphs'
import { SeverityMark } from '../ui/marks'
import { Empty } from '../ui/states'
import { choose } from './chosen'
import { margin, numberText, place, pointWord, standing, standingWord, hasRange } from './values'

interface Chosen {
  controller: string
  tag: string
}

// Cells shows the line in the order of the flow, and below it what supplies it.
export function Cells({ cells, ...chosen }: Chosen & { cells: SimCell[] }) {
  const line = cells.filter((c) => !c.utility)
  const supply = cells.filter((c) => c.utility)
  if (cells.length === 0) return <Empty icon="factory" title="The simulated plant has no cells" />
  return (
    <>
      <Group name="Line" cells={line} flow chosen={chosen} />
      <Group name="Supply" cells={supply} chosen={chosen} />
    </>
  )
}

function Group({ name, cells, flow = false, chosen }: { name: string; cells: SimCell[]; flow?: boolean; chosen: Chosen }) {
  if (cells.length === 0) return null
  const id = `cells-${name.toLowerCase()}`
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="cells-name">
        {name}
      </h2>
      <ol className={flow ? 'cells flow' : 'cells'}>
        {cells.map((c) => (
          <li key={c.name}>
            <Cell cell={c} chosen={chosen} />
          </li>
        ))}
      </ol>
    </section>
  )
}

const shownValues = 6 // of a cell, until more are asked for

function Cell({ cell, chosen }: { cell: SimCell; chosen: Chosen }) {
  const [all, setAll] = useState(false)
  const values = cell.values ?? []
  const more = values.length - shownValues
  return (
    <article className={cell.state === 'no power' ? 'panel cell odd' : 'panel cell'} aria-label={cell.name}>
      <header className="cell-head">
        <h3>{cell.name}</h3>
        <State state={cell.state} />
        <p className="dim small">{cell.words}</p>
      </header>
      <ul className="cell-values">
        {(all ? values : values.slice(0, shownValues)).map((v) => (
          <li key={`${v.controller} ${v.tag}`}>
            <Value value={v} chosen={v.controller === chosen.controller && v.tag === chosen.tag} />
          </li>
        ))}
      </ul>
      {more > 0 && (
        <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${more} more`}
        </button>
      )}
    </article>
  )
}

const stateIcons: Record<string, IconName> = { producing: 'play', paused: 'pause', stopped: 'stop', 'no power': 'unplugged' }

function State({ state }: { state: string }) {
  return (
    <span className={`cell-state ${state.replaceAll(' ', '-')}`}>
      <Icon name={stateIcons[state] ?? 'wall'} size={13} /> {state}
    </span>
  )
}

function Value({ value: v, chosen }: { value: SimValue; chosen: boolean }) {
  const stands = standing(v, v.value)
  const odd = stands !== 'usual'
  const usual = hasRange(v) ? `, usually ${numberText(v, v.low)} to ${numberText(v, v.high)}` : ''
  return (
    <button
      type="button"
      className={odd ? 'value odd' : 'value'}
      aria-pressed={chosen}
      onClick={() => choose(chosen ? null : v)}
      title={`${v.controller} ${v.tag}, ${pointWord(v.role)}${usual}${v.unit && usual ? ` ${v.unit}` : ''}: show its last minutes`}
    >
      <span className="value-words">
        {v.words || v.tag} {v.role && <abbr className="value-role" title={pointWord(v.role)}>{v.role}</abbr>}
      </span>
      <span className="value-number">
        {odd && <SeverityMark severity="medium" size={14} />}
        <span className="num">{numberText(v, v.value)}</span> {v.unit && <span className="value-unit">{v.unit}</span>}
      </span>
      <span className="value-foot">
        <Bar value={v} />
        {odd && <span className="value-stands">{standingWord[stands]}</span>}
      </span>
      <span className="sr-only">, show its last minutes</span>
    </button>
  )
}

// Bar shows where a value stands: the usual range is the field in its middle, the
// value a stroke; outside the range the stroke becomes an arrow that points away.
function Bar({ value: v }: { value: SimValue }) {
  if (!hasRange(v)) return <span className="value-bar none" aria-hidden="true" />
  const stands = standing(v, v.value)
  return (
    <span className="value-bar" aria-hidden="true">
      <span className="value-usual" style={{ left: `${100 * margin}%`, right: `${100 * margin}%` }} />
      <span className={`value-at ${stands}`} style={{ left: `${100 * place(v, v.value)}%` }} />
    </span>
  )
}

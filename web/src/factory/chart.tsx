import { CloseButton, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Series } from '../api'
import { readPalette } from '../map/paint'
import { useSeries } from '../queries'
import { clockOf, span } from '../time'
import { SeverityMark } from '../ui/marks'
import { Failed, Loading } from '../ui/states'
import { hasRange, numberText, standing, standingWord } from './values'

// Chart shows the last minutes of one value over its usual range. It stays at the
// foot of the room while one looks at other things.
export function Chart({ controller, tag, onClose }: { controller: string; tag: string; onClose: () => void }) {
  const series = useSeries(controller, tag)
  const [at, setAt] = useState<number | null>(null)
  const data = series.data
  return (
    <section className="chart" aria-labelledby="chart">
      <header className="chart-head">
        <h2 id="chart">{data?.words || tag}</h2>
        <span className="jargon">
          {controller} {tag}
        </span>
        {data && <Reading series={data} at={at} />}
        <CloseButton aria-label="Close the chart" title="Close the chart (Esc)" onClick={onClose} />
      </header>
      {data ? (
        (data.values ?? []).length > 0 ? (
          <Plot series={data} onHover={setAt} />
        ) : (
          <p className="quiet">No value was taken down so far.</p>
        )
      ) : series.error ? (
        <Failed error={series.error} what="value" retry={() => void series.refetch()} />
      ) : (
        <Loading label="chart" rows={4} />
      )}
    </section>
  )
}

// Reading says in words what the chart shows: under the cursor, or else the latest.
function Reading({ series, at }: { series: Series; at: number | null }) {
  const values = series.values ?? []
  const times = series.times ?? []
  const i = at !== null && at < values.length ? at : values.length - 1
  const value = values[i]
  const time = times[i]
  if (value === undefined || time === undefined) return null
  const stands = standing(series, value)
  return (
    <p className="chart-reading">
      <span className="dim num">{clockOf(new Date(time))}</span>{' '}
      <strong className={stands === 'usual' ? 'num' : 'num odd-value'}>
        {stands !== 'usual' && <SeverityMark severity="medium" size={14} />}
        {numberText(series, value)} {series.unit}
      </strong>{' '}
      {stands !== 'usual' && <span>{standingWord[stands]} </span>}
      {hasRange(series) && (
        <span className="dim">
          usual {numberText(series, series.low)} to {numberText(series, series.high)}
        </span>
      )}
    </p>
  )
}

// words is the chart for who does not see it.
function words(series: Series): string {
  const values = series.values ?? []
  const times = series.times ?? []
  const outside = values.filter((v) => standing(series, v) !== 'usual').length
  const lasted = span((times[times.length - 1] ?? 0) - (times[0] ?? 0))
  const text = (n: number) => `${numberText(series, n)} ${series.unit}`
  return (
    `${series.words || series.tag} over the last ${lasted}: from ${text(Math.min(...values))} to ${text(Math.max(...values))}` +
    (hasRange(series) ? `; ${outside === 0 ? 'always' : `not always`} within the usual range` : '')
  )
}

const height = 11 // rem

function Plot({ series, onHover }: { series: Series; onHover: (at: number | null) => void }) {
  const { ref, width } = useElementSize()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef(series)
  latest.current = series
  const scheme = useComputedColorScheme('light')
  const { low, high } = series
  useEffect(() => {
    const parent = box.current
    if (!parent || width === 0) return
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
    const drawn = new uPlot(options(latest.current, width, height * rem, rem, onHover), columns(latest.current), parent)
    plot.current = drawn
    return () => {
      plot.current = null
      drawn.destroy()
    }
  }, [width, scheme, low, high, onHover])
  useEffect(() => plot.current?.setData(columns(series)), [series])
  return (
    <div ref={ref} className="chart-plot" role="img" aria-label={words(series)}>
      <div ref={box} aria-hidden="true" />
    </div>
  )
}

const columns = (s: Series): uPlot.AlignedData => [s.times ?? [], s.values ?? []]

// limits leaves room for the usual range and for what went beyond it.
function limits(s: Series, min: number | null, max: number | null): [number, number] {
  const ends = [...(hasRange(s) ? [s.low, s.high] : []), ...(min !== null && max !== null ? [min, max] : [])]
  const from = Math.min(...ends)
  const to = Math.max(...ends)
  const room = to > from ? 0.08 * (to - from) : Math.max(1, Math.abs(to) * 0.1)
  return [from - room, to + room]
}

function options(s: Series, width: number, high: number, rem: number, onHover: (at: number | null) => void): uPlot.Options {
  const colours = readPalette()
  const axis: uPlot.Axis = {
    stroke: colours.dim, font: `${0.75 * rem}px ${colours.font}`, grid: { stroke: colours.edge, width: 1 }, ticks: { stroke: colours.edge, width: 1, size: 4 },
  }
  return {
    width, height: high, ms: 1, padding: [0.5 * rem, 0.75 * rem, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 0.5 * rem } },
    scales: { y: { range: (_, min, max) => limits(s, min, max) } },
    axes: [
      { ...axis, size: 1.75 * rem, space: 6 * rem, values: (_, at) => at.map((ms) => clockOf(new Date(ms))) },
      { ...axis, size: 4 * rem, space: 2 * rem },
    ],
    series: [{}, { stroke: colours.text, width: 1.75, points: { show: false } }],
    hooks: { drawAxes: [(u) => band(u, s, colours.sunk, colours.strong)], setCursor: [(u) => onHover(u.cursor.idx ?? null)] },
  }
}

// band shades the usual range, with dashed edges so that it does not live by its
// shade alone.
function band(u: uPlot, s: Series, fill: string, edge: string) {
  if (!hasRange(s)) return
  const { ctx, bbox } = u
  const top = u.valToPos(s.high, 'y', true)
  const foot = u.valToPos(s.low, 'y', true)
  ctx.save()
  ctx.globalAlpha = 0.7
  ctx.fillStyle = fill
  ctx.fillRect(bbox.left, top, bbox.width, foot - top)
  ctx.globalAlpha = 1
  ctx.strokeStyle = edge
  ctx.lineWidth = uPlot.pxRatio
  ctx.setLineDash([5 * uPlot.pxRatio, 4 * uPlot.pxRatio])
  for (const y of [top, foot]) {
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  ctx.restore()
}

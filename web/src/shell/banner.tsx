import { CloseButton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Icon } from '../glyphs'
import { dismissNews, useLive } from '../live'
import { Link } from '../router'
import { clockOf } from '../time'
import { SeverityMark } from '../ui/marks'
import { severityWord, splitSentence } from '../words'

const patience = 1500 // ms: a line that comes back at once is no news

// LostBanner says that what is on the screen may be old, and since when.
export function LostBanner() {
  const { state, since } = useLive()
  const [late, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (state === 'open') return
    const timer = setTimeout(() => setLate(true), patience)
    return () => clearTimeout(timer)
  }, [state, since])
  return (
    <div role="status" className="lost-place">
      {late && (
        <div className="lost-banner">
          <Icon name="broken" />
          <p>
            <strong>Connection lost since {clockOf(new Date(since))} wall time.</strong> What you see may be out of date. Sensors go on without this
            page; it connects again by itself.
          </p>
        </div>
      )}
    </div>
  )
}

const shownFor = 9000 // ms

// NewsNote tells the latest alert wherever one is. It never covers what one reads
// for long, and a screen reader hears it when it is silent.
export function NewsNote() {
  const { news } = useLive()
  useEffect(() => {
    if (!news) return
    const timer = setTimeout(dismissNews, shownFor)
    return () => clearTimeout(timer)
  }, [news])
  return (
    <div className="news-place" role="status" aria-live="polite">
      {news && (
        <div className={`news ${news.severity}`}>
          <SeverityMark severity={news.severity} size={22} />
          <p>
            <span className="news-head">New alert, {severityWord[news.severity].toLowerCase()}</span>
            <Link href={`/alerts/${encodeURIComponent(news.id)}`} onClick={dismissNews}>
              {splitSentence(news.sentence).plain}
            </Link>
          </p>
          <CloseButton size="sm" aria-label="Close this note" onClick={dismissNews} />
        </div>
      )}
    </div>
  )
}

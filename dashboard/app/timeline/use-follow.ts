import { useEffect, useRef, useState } from 'react'
import type { FeedRow } from './rows.ts'

const endPx = 120

/**
 * New events never move what is being read. Whoever reads the end stays at the end; everybody else is told how many
 * there are.
 */
export function useFollow(rows: readonly FeedRow[], complete: boolean) {
  const seen = useRef<number | null>(null)
  const [fresh, setFresh] = useState(0)
  const atEnd = useRef(false)

  useEffect(() => {
    const scroller = document.getElementById('main')
    if (scroller === null) return
    const look = () => {
      atEnd.current =
        scroller.scrollTop > 0 && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < endPx
      if (atEnd.current) setFresh(0)
    }
    scroller.addEventListener('scroll', look, { passive: true })
    return () => scroller.removeEventListener('scroll', look)
  }, [])
  useEffect(() => {
    if (!complete) return
    const before = seen.current
    seen.current = rows.length
    if (before === null || rows.length <= before) return
    if (atEnd.current) document.getElementById('main')?.scrollTo({ top: Number.MAX_SAFE_INTEGER })
    else setFresh((count) => count + rows.length - before)
  }, [rows.length, complete])

  return {
    fresh,
    /** The first of the events that have not been shown, which are then no longer new. */
    firstFresh: () => {
      setFresh(0)
      return rows.at(-fresh)?.id
    },
  }
}

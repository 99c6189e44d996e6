import type { TimelineEvent } from '@reeve/sdk'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useNow } from '../hooks/use-clock.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { useZone } from '../hooks/use-zone.ts'
import { BuildBody, buildName } from './build.tsx'
import { DecisionBody, decisionName } from './decision.tsx'
import { EventBody, eventName } from './event.tsx'
import { type FeedRow, isBuildRow, isDecisionRow, isEventRow, isFailure } from './rows.ts'

/**
 * The events as a feed (WAI-ARIA): one tab stop for all of them, j and k or the arrows to move, Enter to unfold. Only
 * those in view are in the document.
 */
export function Feed({
  rows,
  calls,
  total,
  activeId,
  mark,
  onActive,
  onLeave,
}: {
  rows: readonly FeedRow[]
  /** The tool calls of the session by their ids. */
  calls: ReadonlyMap<string, TimelineEvent>
  /** How many there are; -1 while that is not known. */
  total: number
  activeId: string | null
  mark: string
  onActive: (id: string) => void
  /** Escape with nothing left to fold. */
  onLeave: () => void
}) {
  const list = useRef<HTMLDivElement>(null)
  const [offset, setOffset] = useState(0)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const zone = useZone()
  const now = useNow(60_000)
  const toggle = useCallback((id: string) => setOpen((old) => withToggled(old, id)), [])
  // What stands above grows as it is read; the same value again changes nothing, so this ends after one more round.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0))

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.getElementById('main'),
    estimateSize: (index) => estimate(rows[index]),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
    scrollMargin: offset,
    scrollPaddingStart: 110,
    scrollPaddingEnd: 24,
  })
  const activeIndex = activeId === null ? -1 : rows.findIndex(({ id }) => id === activeId)
  const tabIndexOf = activeIndex === -1 ? 0 : activeIndex

  // An event that is asked for by the URL or by a search is brought into view and given the focus, wherever it is.
  const focused = useRef<string | null>(null)
  useEffect(() => {
    if (activeId === null || activeIndex === -1 || focused.current === activeId) return
    focused.current = activeId
    virtualizer.scrollToIndex(activeIndex, { align: 'auto' })
    focusWhenThere(list.current, activeId, () => focused.current === activeId)
  }, [activeId, activeIndex, virtualizer])

  const move = (to: number) => () => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))]
    if (row !== undefined) onActive(row.id)
  }
  const next = activeIndex === -1 ? 0 : activeIndex + 1
  useShortcuts({
    j: move(next),
    k: move(activeIndex - 1),
    o: () =>
      document.activeElement?.closest('article')?.querySelector<HTMLAnchorElement>('a[href^="/requests"]')?.click(),
    Escape: () => {
      if (activeId !== null && open.has(activeId)) toggle(activeId)
      else onLeave()
    },
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const article = event.target instanceof Element ? event.target.closest('article') : null
    if (article === null || event.altKey || event.ctrlKey || event.metaKey) return
    const own = event.target === article
    if (event.key === 'Enter' && own && activeId !== null) toggle(activeId)
    else if (event.key === 'ArrowDown' && own) move(next)()
    else if (event.key === 'ArrowUp' && own) move(activeIndex - 1)()
    else if (event.key === 'Home' && own) move(0)()
    else if (event.key === 'End' && own) move(rows.length - 1)()
    else return
    event.preventDefault()
  }

  const drawn = ({ id }: FeedRow) => {
    return { active: id === activeId, open: open.has(id), mark, zone, now, onToggle: toggle }
  }
  const items = virtualizer.getVirtualItems()
  const reachable = items.some(({ index }) => index === tabIndexOf)
  return (
    <div
      ref={list}
      role="feed"
      aria-label="Timeline"
      aria-busy={total === -1}
      className="relative"
      style={{ height: virtualizer.getTotalSize() }}
      onKeyDown={onKeyDown}
    >
      {items.map(({ index, start, key }, at) => {
        const row = rows[index]
        if (row === undefined) return null
        return (
          <article
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            data-id={row.id}
            aria-posinset={index + 1}
            aria-setsize={total}
            aria-label={isDecisionRow(row) ? decisionName(row) : isBuildRow(row) ? buildName(row) : eventName(row)}
            tabIndex={(reachable ? index === tabIndexOf : at === 0) ? 0 : -1}
            onFocus={() => {
              focused.current = row.id
              onActive(row.id)
            }}
            className={`absolute inset-x-0 rounded-none focus-visible:outline-offset-[-2px] ${row.id === activeId ? 'bg-tint' : isFailure(row) ? 'bg-bad-tint' : isEventRow(row) && row.event.kind === 'request' ? 'border-t border-line' : ''}`}
            style={{ top: start - offset }}
          >
            {isDecisionRow(row) ? (
              <DecisionBody row={row} calls={calls} {...drawn(row)} onJump={onActive} />
            ) : isBuildRow(row) ? (
              <BuildBody row={row} {...drawn(row)} />
            ) : (
              <EventBody row={row} {...drawn(row)} linked />
            )}
          </article>
        )
      })}
    </div>
  )
}

function withToggled(old: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(old)
  if (!next.delete(id)) next.add(id)
  return next
}

/** A guess until the row is measured: what usually folds to how many lines. */
function estimate(row: FeedRow | undefined): number {
  if (row === undefined) return 28
  if (!isEventRow(row)) return 32
  if (row.event.kind === 'request' || row.event.kind === 'end') return 32
  if (row.event.kind === 'tool_call') return row.result === null ? 32 : 90
  return 48
}

const framesMax = 30

/**
 * The event may have to be drawn first: scrolling there takes a frame or a few. It may also be there by a guess of the
 * heights above it, and be taken out again, with the focus on it, when those are measured: it gets it back.
 */
function focusWhenThere(list: HTMLElement | null, id: string, isWanted: () => boolean): void {
  let had = false
  const look = (frames: number): void => {
    if (!isWanted()) return
    const article = list?.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`)
    if (article != null && (!had || document.activeElement === document.body)) {
      had = true
      article.focus({ preventScroll: true })
    }
    if (frames > 0) requestAnimationFrame(() => look(frames - 1))
  }
  look(framesMax)
}

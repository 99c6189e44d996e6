import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useNow } from '../hooks/use-clock.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { useZone } from '../hooks/use-zone.ts'
import { EventBody, eventName } from './event.tsx'
import { isFailure, type Row } from './rows.ts'

/**
 * The events as a feed (WAI-ARIA): one tab stop for all of them, j and k or the arrows to move, Enter to unfold. Only
 * those in view are in the document.
 */
export function Feed({
  rows,
  total,
  activeId,
  mark,
  onActive,
  onLeave,
}: {
  rows: readonly Row[]
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
    focusWhenThere(list.current, activeId, 12)
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
            aria-label={eventName(row)}
            tabIndex={(reachable ? index === tabIndexOf : at === 0) ? 0 : -1}
            onFocus={() => {
              focused.current = row.id
              onActive(row.id)
            }}
            className={`absolute inset-x-0 rounded-none focus-visible:outline-offset-[-2px] ${row.id === activeId ? 'bg-tint' : isFailure(row) ? 'bg-bad-tint' : row.event.kind === 'request' ? 'border-t border-line' : ''}`}
            style={{ top: start - offset }}
          >
            <EventBody
              row={row}
              active={row.id === activeId}
              open={open.has(row.id)}
              mark={mark}
              zone={zone}
              now={now}
              linked
              onToggle={toggle}
            />
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
function estimate(row: Row | undefined): number {
  if (row === undefined) return 28
  if (row.event.kind === 'request' || row.event.kind === 'end') return 32
  if (row.event.kind === 'tool_call') return row.result === null ? 32 : 90
  return 48
}

/** The event may have to be drawn first: scrolling there takes a frame or a few. */
function focusWhenThere(list: HTMLElement | null, id: string, frames: number): void {
  const article = list?.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`)
  if (article != null) article.focus({ preventScroll: true })
  else if (frames > 0) requestAnimationFrame(() => focusWhenThere(list, id, frames - 1))
}

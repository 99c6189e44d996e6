import { useElementScrollRestoration } from '@tanstack/react-router'
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type MouseEvent, type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useLeftFor } from '../hooks/use-left-for.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'

export interface Column<Row> {
  readonly id: string
  readonly title: ReactNode
  /** What a card calls it, where the title says more than fits. */
  readonly label?: string
  /** Width as CSS; one column without it takes what is left. */
  readonly width?: string
  readonly numeric?: boolean
  /** Takes a line of its own where rows are cards. */
  readonly wide?: boolean
  /** Left out of a table that has not `some` or `much` more room than it needs; what a row leads to says it as well. */
  readonly room?: 'some' | 'much'
  readonly cell: (row: Row) => ReactNode
}

const virtualFrom = 200

/**
 * One table for every list: a native `<table>` whose rows are opened by the first link in them, cards with labels where
 * there is no room, and only the rows in view in the document when there are many.
 */
export function DataTable<Row extends { readonly id: string }>({
  caption,
  columns,
  rows,
  dimmed = false,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** What is shown is being read again. */
  dimmed?: boolean
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const { virtual, items, before, after, scrollTo, measure } = useWindow(
    caption,
    rows.map(({ id }) => id),
    body,
  )
  const shown = virtual ? items.map((item) => item.index) : rows.map((_, index) => index)
  useRowFocus(body, rows.length, scrollTo)

  return (
    <div className="data-table" aria-busy={dimmed}>
      <table role="table" aria-rowcount={rows.length + 1} className={dimmed ? 'opacity-60' : ''}>
        <caption className="sr-only">{caption}</caption>
        <colgroup>
          {columns.map(({ id, width, room }) => (
            <col key={id} data-room={room} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ id, title, numeric, room }) => (
              <th
                key={id}
                role="columnheader"
                scope="col"
                data-room={room}
                className={numeric === true ? 'text-right' : 'text-left'}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} role="rowgroup" onClick={openRow} onAuxClick={openRow}>
          {before > 0 && <tr aria-hidden className="spacer" style={{ height: before }} />}
          {shown.map((index) => {
            const row = rows[index]
            return (
              row !== undefined && (
                <tr key={row.id} role="row" data-index={index} aria-rowindex={index + 2} ref={virtual ? measure : null}>
                  {columns.map(({ id, title, label, numeric, wide, room, cell }) => (
                    <td
                      key={id}
                      role="cell"
                      data-room={room}
                      data-label={label ?? (typeof title === 'string' ? title : '')}
                      className={`${numeric === true ? 'num text-right' : ''} ${wide === true ? 'wide' : ''}`}
                    >
                      {cell(row)}
                    </td>
                  ))}
                </tr>
              )
            )
          })}
          {after > 0 && <tr aria-hidden className="spacer" style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  )
}

/** How high the rows of each table were found to be: they are when it is drawn again, and so is its place. */
const heights = new Map<string, VirtualItem[]>()

/**
 * Which rows are in the document, and how much room those outside it take. A table begins where its page was left: the
 * virtualizer puts the scroller at its own first offset whenever it is mounted, so that is where the place is told.
 */
function useWindow(table: string, keys: readonly string[], body: RefObject<HTMLTableSectionElement | null>) {
  const [offset, setOffset] = useState(0)
  // What stands above may come and go; the same value again changes nothing, so this ends after one more round.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const scroller = document.getElementById('main')
    if (scroller === null || body.current === null) return
    setOffset(body.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop)
  })
  const place = useElementScrollRestoration({ id: 'main' })
  const virtual = keys.length > virtualFrom
  const virtualizer = useVirtualizer({
    count: virtual ? keys.length : 0,
    getScrollElement: () => document.getElementById('main'),
    getItemKey: (index) => keys[index] ?? index,
    estimateSize: () => 36,
    overscan: 5,
    scrollMargin: offset,
    initialOffset: place?.scrollY ?? 0,
    initialRect: { width: 0, height: innerHeight },
    initialMeasurementsCache: heights.get(table) ?? [],
  })
  useEffect(() => () => void heights.set(table, virtualizer.takeSnapshot()), [table, virtualizer])

  const items = virtualizer.getVirtualItems()
  return {
    virtual,
    items,
    before: virtual ? Math.max(0, (items[0]?.start ?? offset) - offset) : 0,
    after: virtual ? virtualizer.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset) : 0,
    // Written once and not followed up: the focus that comes next scrolls as well, and has the last word.
    scrollTo: (index: number) => {
      const [top] = virtualizer.getOffsetForIndex(index, 'auto') ?? []
      if (top !== undefined) document.getElementById('main')?.scrollTo({ top })
    },
    measure: virtualizer.measureElement,
  }
}

const linkOf = (row: Element | null | undefined) => row?.querySelector<HTMLAnchorElement>('a[href]')

/** A click anywhere in a row opens it, unless it ends a selection of text or meant something else in the row. */
function openRow(event: MouseEvent): void {
  const target = event.target
  if (!(target instanceof Element) || target.closest('a, button, input, label') !== null) return
  const link = linkOf(target.closest('tr'))
  if (link === null || link === undefined || String(document.getSelection()) !== '') return
  if (event.button === 1 || event.ctrlKey || event.metaKey) window.open(link.href, '_blank', 'noopener')
  else if (event.button === 0) link.click()
}

/**
 * Which row has the focus. j and k move it, from the first row in view where none has it; back from a row's own page that
 * row has it again. A row that is to have the focus and is not in the document gets it as soon as it is drawn.
 */
function useRowFocus(
  body: RefObject<HTMLTableSectionElement | null>,
  count: number,
  scrollTo: (index: number) => unknown,
): void {
  const left = useLeftFor()
  const wanted = useRef<number | string | null>(left)
  const rows = () => [...(body.current?.querySelectorAll('tr[data-index]') ?? [])]
  const indexOf = (row: Element | null | undefined) => Number(row?.getAttribute('data-index') ?? -1)
  const focused = () => document.activeElement?.closest('tr[data-index]')
  const firstInView = () => {
    const top = document.getElementById('main')?.getBoundingClientRect().top ?? 0
    return indexOf(rows().find((row) => row.getBoundingClientRect().top >= top))
  }
  /** A row by its index, or by the path that its link leads to. */
  const focus = (row: number | string): boolean => {
    const link = rows()
      .filter((one) => typeof row === 'string' || indexOf(one) === row)
      .map(linkOf)
      .find((one) => typeof row !== 'string' || one?.pathname === row)
    // Where a page was left is where it stays; only moving on may scroll.
    link?.focus({ preventScroll: typeof row === 'string' })
    return link !== null && link !== undefined
  }
  useLayoutEffect(() => {
    if (wanted.current === null) return
    const taken = typeof wanted.current === 'string' && document.activeElement !== document.body
    if (taken || focus(wanted.current)) wanted.current = null
  })

  const move = (by: number) => () => {
    const from = typeof wanted.current === 'number' ? wanted.current : indexOf(focused())
    const index = from === -1 ? firstInView() : Math.max(0, Math.min(count - 1, from + by))
    if (index === -1) return
    wanted.current = focus(index) ? null : index
    if (wanted.current !== null) scrollTo(index)
  }
  useShortcuts({
    j: move(1),
    k: move(-1),
    o: () => {
      const link = linkOf(focused())
      if (link !== null && link !== undefined) window.open(link.href, '_blank', 'noopener')
    },
  })
}

/** The layout of the rows to come, before the first of them is known. */
export function TableSkeleton<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <div className="data-table late" aria-busy role="status" aria-label="Loading">
      <table aria-hidden>
        <colgroup>
          {columns.map(({ id, width, room }) => (
            <col key={id} data-room={room} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ id, title, numeric, room }) => (
              <th key={id} data-room={room} className={numeric === true ? 'text-right' : 'text-left'}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: 12 }, (_, row) => (
            <tr key={row}>
              {columns.map(({ id, numeric, room }) => (
                <td key={id} data-room={room}>
                  <div
                    className={`h-3 rounded bg-hover ${numeric === true ? 'ml-auto w-8' : row % 2 === 0 ? 'w-4/5' : 'w-3/5'}`}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

import { useVirtualizer } from '@tanstack/react-virtual'
import { type MouseEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react'
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
  readonly cell: (row: Row) => ReactNode
}

const virtualFrom = 200

/**
 * One table for every list: a native `<table>` whose rows are opened by the first link in them, cards with labels where
 * there is no room, and only the rows in view in the document when there are many.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  dimmed = false,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** What is shown is being read again. */
  dimmed?: boolean
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const { virtual, first, before, after, scrollTo } = useWindow(rows.length, body)
  const shown = virtual ? first.map((item) => item.index) : rows.map((_, index) => index)
  useRowKeys(body, rows.length, scrollTo)

  return (
    <div className="data-table" aria-busy={dimmed}>
      <table role="table" aria-rowcount={rows.length + 1} className={dimmed ? 'opacity-60' : ''}>
        <caption className="sr-only">{caption}</caption>
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ id, title, numeric }) => (
              <th key={id} role="columnheader" scope="col" className={numeric === true ? 'text-right' : 'text-left'}>
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
                <tr
                  key={rowKey(row)}
                  role="row"
                  data-index={index}
                  aria-rowindex={index + 2}
                  ref={virtual ? scrollTo.measure : null}
                >
                  {columns.map(({ id, title, label, numeric, wide, cell }) => (
                    <td
                      key={id}
                      role="cell"
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

/** Which rows are in the document, and how much room those outside it take. */
function useWindow(count: number, body: React.RefObject<HTMLTableSectionElement | null>) {
  const [offset, setOffset] = useState(0)
  useLayoutEffect(() => {
    const scroller = document.getElementById('main')
    if (scroller === null || body.current === null) return
    setOffset(body.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop)
  }, [count, body])
  const virtual = count > virtualFrom
  const virtualizer = useVirtualizer({
    count: virtual ? count : 0,
    getScrollElement: () => document.getElementById('main'),
    estimateSize: () => 36,
    overscan: 6,
    scrollMargin: offset,
  })
  const first = virtualizer.getVirtualItems()
  const before = virtual ? Math.max(0, (first[0]?.start ?? 0) - offset) : 0
  const after = virtual ? virtualizer.getTotalSize() - ((first.at(-1)?.end ?? 0) - offset) : 0
  const scrollTo = {
    index: (index: number) => virtual && virtualizer.scrollToIndex(index, { align: 'auto' }),
    measure: virtualizer.measureElement,
  }
  return { virtual, first, before, after, scrollTo }
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

function useRowKeys(
  body: React.RefObject<HTMLTableSectionElement | null>,
  count: number,
  scrollTo: { readonly index: (index: number) => unknown },
): void {
  const current = () => Number(document.activeElement?.closest('tr[data-index]')?.getAttribute('data-index') ?? -1)
  const focusRow = (index: number) => linkOf(body.current?.querySelector(`tr[data-index="${index}"]`))?.focus()
  const move = (by: number) => () => {
    const index = Math.max(0, Math.min(count - 1, current() + by))
    if (body.current?.querySelector(`tr[data-index="${index}"]`) != null) focusRow(index)
    else {
      scrollTo.index(index)
      requestAnimationFrame(() => requestAnimationFrame(() => focusRow(index)))
    }
  }
  const focusedLink = () => linkOf(document.activeElement?.closest('tr[data-index]'))
  useShortcuts({
    j: move(1),
    k: move(-1),
    o: () => {
      const link = focusedLink()
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
          {columns.map(({ id, width }) => (
            <col key={id} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ id, title, numeric }) => (
              <th key={id} className={numeric === true ? 'text-right' : 'text-left'}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: 12 }, (_, row) => (
            <tr key={row}>
              {columns.map(({ id, numeric }) => (
                <td key={id}>
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

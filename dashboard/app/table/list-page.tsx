import type { ReactNode } from 'react'
import { exact } from '../ui/format.ts'
import { FaultNotice } from '../ui/notice.tsx'
import { type Column, DataTable, TableSkeleton } from './data-table.tsx'
import { type Filters, ListHead } from './list-head.tsx'
import { LoadMore } from './load-more.tsx'
import { NothingMatches } from './nothing-matches.tsx'
import type { List } from './use-list.ts'

/** A page that is one list: what to show of it while it is read, when it fails, when it is empty and when it is long. */
export function ListPage<Row extends { readonly id: string }>({
  title,
  caption = title,
  noun,
  nouns = `${noun}s`,
  list,
  columns,
  aside,
  filters,
  ownOnly = false,
  empty,
  children,
}: {
  title: string
  /** What the table is, for who cannot see it. */
  caption?: string
  noun: string
  nouns?: string
  list: List<Row>
  columns: readonly Column<Row>[]
  aside?: ReactNode
  filters?: Filters
  /** The viewer sees what is theirs; others would see more. */
  ownOnly?: boolean
  /** Where there is nothing, and nothing was left out. */
  empty?: ReactNode
  /** Between the head and the rows. */
  children?: ReactNode
}) {
  const { rows, count, exactly, fault } = list
  const none = rows.length === 0 && !list.stale
  return (
    <>
      <ListHead
        title={title}
        count={count === null ? '' : `${exact(count)}${exactly ? '' : '+'}`}
        aside={aside}
        filters={filters}
        problem={list.problem}
        busy={list.busy && count !== null}
      />
      {fault !== null && (
        <div className="px-4 pb-2">
          <FaultNotice
            what={`The ${nouns} could not be read`}
            fault={fault}
            stale={rows.length > 0}
            onRetry={list.retry}
          />
        </div>
      )}
      {children}
      {count === null && fault === null && list.problem === null && <TableSkeleton columns={columns} />}
      {rows.length > 0 && (
        <>
          <DataTable caption={caption} columns={columns} rows={rows} dimmed={list.stale} />
          <LoadMore
            shown={rows.length}
            count={count ?? rows.length}
            exactly={exactly}
            noun={count === 1 ? noun : nouns}
            busy={list.moreBusy}
            onMore={list.more}
          />
        </>
      )}
      {none && filters?.asking.filtered === true && <NothingMatches noun={noun} filters={filters} ownOnly={ownOnly} />}
      {none && filters?.asking.filtered !== true && empty}
    </>
  )
}

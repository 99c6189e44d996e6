import type { Fault } from '@reeve/base'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ListQuery } from '../api/lists.ts'
import { faultOf } from '../api/query-client.ts'
import { useLast } from '../hooks/use-last.ts'
import { useLeftFor } from '../hooks/use-left-for.ts'

/** A list as a page shows it: what is known of it stays until something better is. */
export interface List<Row> {
  readonly rows: readonly Row[]
  /** By the server's own count; null until it has been told. */
  readonly count: number | null
  readonly exactly: boolean
  /** The rows are those of another query, or of this one before it failed. */
  readonly stale: boolean
  readonly busy: boolean
  readonly fault: Fault | null
  /** What the server did not understand of the query. */
  readonly problem: string | null
  readonly retry: () => void
  /** Reads the next rows; null where there are no more. */
  readonly more: (() => void) | null
  readonly moreBusy: boolean
}

/** Opened anew a list is read anew; come back to, it is the one that was left. */
export function useList<Row extends { readonly id: string }>(query: ListQuery<Row>): List<Row> {
  const left = useLeftFor()
  const list = useInfiniteQuery({ ...query, refetchOnMount: left === null ? 'always' : false })
  const data = useLast(list.data)
  const rows = useMemo(() => unique(data?.pages.flatMap((part) => part.rows) ?? []), [data])
  const fault = list.error === null ? null : faultOf(list.error)
  const invalid = fault?.code === 'invalid'
  return {
    rows,
    count: data?.pages[0]?.count ?? null,
    exactly: data?.pages[0]?.exactly ?? true,
    stale: list.isPlaceholderData || list.data === undefined,
    busy: list.isFetching && !list.isFetchingNextPage,
    fault: invalid ? null : fault,
    problem: invalid ? (fault?.problems[0]?.detail ?? fault?.message ?? null) : null,
    retry: () => void list.refetch(),
    more: list.hasNextPage ? () => void list.fetchNextPage() : null,
    moreBusy: list.isFetchingNextPage,
  }
}

/** Activity moves rows between parts while they are read: each is shown where it was met first. */
const unique = <Row extends { readonly id: string }>(rows: readonly Row[]): readonly Row[] => [
  ...new Map(rows.toReversed().map((row) => [row.id, row])).values().toArray().reverse(),
]

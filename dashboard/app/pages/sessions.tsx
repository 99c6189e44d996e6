import { endpoints, type Session } from '@reeve/sdk'
import { systemClock } from '@reeve/base'
import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { asked, buildInfo, latestSessions, type ListSearch, me, sessions } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { useWatch } from '../api/use-watch.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useLast } from '../hooks/use-last.ts'
import { useLeftFor } from '../hooks/use-left-for.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { useZone } from '../hooks/use-zone.ts'
import { seesEverybody } from '../shell/navigation.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { DataTable, TableSkeleton } from '../table/data-table.tsx'
import { ListHead } from '../table/list-head.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { parseQuery, queryText } from '../table/query.ts'
import type { QueryKey } from '../table/query-bar.tsx'
import type { Range } from '../table/range.ts'
import { announce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { exact, plural } from '../ui/format.ts'
import { zoneName } from '../ui/instant.ts'
import { LiveChip } from '../ui/live-chip.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { FilterMenus, useQueryKeys } from './filters.tsx'
import { NothingMatches } from './nothing-matches.tsx'
import { sessionColumns } from './session-columns.tsx'

const fixedKeys: readonly QueryKey[] = [
  { key: 'status', hint: 'of the latest request', values: ['live', 'done', 'error'] },
]

export function SessionsPage() {
  const { q = '', from, to } = useSearch({ from: '/app/sessions' })
  const navigate = useNavigate({ from: '/sessions' })
  const { data: user } = useSuspenseQuery(me)
  const zone = useZone()
  const today = useNow(3_600_000)
  const left = useLeftFor()
  const list = useInfiniteQuery({ ...sessions({ q, from, to }), refetchOnMount: left === null ? 'always' : false })
  const { q: text = '' } = useMemo(() => asked({ q, from, to }), [q, from, to])
  const data = useLast(list.data)
  const { keys, ask } = useQueryKeys(fixedKeys, seesEverybody(user))
  const columns = useMemo(() => sessionColumns(zoneName(zone, today)), [zone, today])
  const live = useNewSessions({ q, from, to }, list.data !== undefined)
  useShortcuts({ '.': () => (live.fresh === 0 ? false : (live.show(), true)) })
  usePage({
    title: 'Sessions',
    cli: `reeve bridge sessions list${text === '' ? '' : ` --filter ${shellWord(text)}`}`,
    api: `/api/v2/aibridge/sessions${text === '' ? '' : `?${new URLSearchParams({ q: text })}`}`,
  })

  const rows = useMemo(() => unique(data?.pages.flatMap((page) => page.sessions) ?? []), [data])
  const fault = list.error === null ? null : faultOf(list.error)
  const invalid = fault?.code === 'invalid'
  const total = data?.pages[0]
  const setText = (next: string) => void navigate({ search: (old) => ({ ...old, q: next }), replace: true })
  const setRange = (range: Range) =>
    void navigate({ search: ({ tz }) => ({ ...(tz && { tz }), ...(q && { q }), ...range }) })
  const names = keys.map(({ key }) => key)
  const filtered = q !== '' || from !== undefined || to !== undefined

  return (
    <>
      <ListHead
        title="Sessions"
        count={total === undefined ? null : `${exact(total.count)}${total.count_is_exact ? '' : '+'}`}
        aside={<LiveChip state={live.state} />}
        query={{
          label: 'Query the sessions',
          text: q,
          keys,
          problem: invalid ? (fault?.problems[0]?.detail ?? fault?.message ?? null) : null,
          onChange: setText,
          onFocus: ask,
        }}
        range={{ from, to, onChange: setRange }}
        menus={<FilterMenus text={q} keys={keys} onAsk={ask} onChange={setText} />}
        busy={list.isFetching && !list.isFetchingNextPage && list.data !== undefined}
      />
      {fault !== null && !invalid && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The sessions could not be read"
            fault={fault}
            stale={rows.length > 0}
            onRetry={() => void list.refetch()}
          />
        </div>
      )}
      {live.fresh > 0 && (
        <div className="sticky top-0 z-20 flex justify-center">
          <Button tone="primary" className="absolute top-1 shadow-lg" aria-keyshortcuts="." onClick={live.show}>
            {exact(live.fresh)} new · show ( . )
          </Button>
        </div>
      )}
      {data === undefined && fault === null && <TableSkeleton columns={columns} />}
      {rows.length > 0 && (
        <>
          <DataTable
            caption="Sessions, latest activity first"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            dimmed={list.isPlaceholderData || list.data === undefined}
          />
          <LoadMore
            shown={rows.length}
            count={total?.count ?? rows.length}
            exactly={total?.count_is_exact ?? true}
            noun={total?.count === 1 ? 'session' : 'sessions'}
            hasMore={list.hasNextPage}
            busy={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      )}
      {data !== undefined && rows.length === 0 && list.data !== undefined && !list.isPlaceholderData && filtered && (
        <NothingMatches
          noun="session"
          query={parseQuery(q, names)}
          ranged={from !== undefined || to !== undefined}
          ownOnly={!seesEverybody(user)}
          onQuery={(query) => setText(queryText(query))}
          onAllTime={() => setRange({})}
        />
      )}
      {data !== undefined && rows.length === 0 && list.data !== undefined && !list.isPlaceholderData && !filtered && (
        <NothingYet ownOnly={!seesEverybody(user)} />
      )}
    </>
  )
}

const lookEveryMs = 10_000

/** Activity moves sessions between pages while they are read: each is shown where it was met first. */
const unique = (rows: readonly Session[]): Session[] =>
  [...new Map(rows.toReversed().map((row) => [row.id, row])).values()].reverse()

/**
 * What has changed since the list was read. Sessions in the list are brought up to date where they stand; those that
 * are not are counted, and shown when asked for: what is being read never moves. At most six questions a minute,
 * however much happens.
 */
function useNewSessions(search: ListSearch, enabled: boolean) {
  const queries = useQueryClient()
  const key = sessions(search).queryKey
  const list = key.join(' ')
  const [fresh, setFresh] = useState({ list, count: 0 })
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const lastAt = useRef(-Infinity)
  useEffect(
    () => () => {
      clearTimeout(timer.current ?? undefined)
      timer.current = null
    },
    [list],
  )

  const look = async () => {
    timer.current = null
    lastAt.current = systemClock.monotonicMs()
    const latest = await latestSessions(search).catch(() => null)
    const shown = queries.getQueryData<InfiniteData<Awaited<ReturnType<typeof latestSessions>>>>(key)
    if (latest === null || shown === undefined) return
    const known = new Set(shown.pages.flatMap((page) => page.sessions.map(({ id }) => id)))
    const count = latest.sessions.filter(({ id }) => !known.has(id)).length
    const now = new Map(latest.sessions.map((session) => [session.id, session]))
    queries.setQueryData(key, {
      ...shown,
      pages: shown.pages.map((page) => ({ ...page, sessions: page.sessions.map((row) => now.get(row.id) ?? row) })),
    })
    setFresh({ list, count })
    if (count > 0) announce(`${plural(count, 'new session')}`)
  }
  const justRead = () => {
    const readAt = queries.getQueryState(key)?.dataUpdatedAt ?? 0
    return systemClock.now().getTime() - readAt < lookEveryMs
  }
  const state = useWatch(
    'sessions',
    enabled,
    (signal) => client.events(endpoints.watchSessions, { signal }),
    (event) => {
      if (timer.current !== null || (event === null && justRead())) return
      const waitMs = Math.max(300, lastAt.current + lookEveryMs - systemClock.monotonicMs())
      timer.current = setTimeout(() => void look(), waitMs)
    },
  )
  return {
    state,
    fresh: fresh.list === list ? fresh.count : 0,
    show: () => {
      setFresh({ list, count: 0 })
      void queries.resetQueries({ queryKey: key })
      document.getElementById('main')?.scrollTo({ top: 0 })
    },
  }
}

function NothingYet({ ownOnly }: { ownOnly: boolean }) {
  const { data: build } = useQuery(buildInfo)
  const url = build?.external_url || location.origin
  return (
    <Empty
      title={ownOnly ? 'None of your agents has talked through Reeve yet' : 'No agent has talked through Reeve yet'}
    >
      <p>
        Connect Claude Code and its first session appears here: who, when, which model, every prompt, tool call and
        token.
      </p>
      <Commands
        label="Commands to connect Claude Code"
        lines={[`reeve login ${url}`, 'eval "$(reeve connect claude)"', "claude -p 'Show me that it works'"]}
      />
      <p>
        <Link to="/connect" className="text-link underline">
          Other ways, and proof that it works
        </Link>
      </p>
    </Empty>
  )
}

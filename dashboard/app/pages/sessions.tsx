import { systemClock } from '@reeve/base'
import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { asked, latestSessions, type ListSearch, sessions } from '../api/lists.ts'
import { useMay } from '../api/may.ts'
import { buildInfo } from '../api/queries.ts'
import { useWatch } from '../api/use-watch.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { useZone } from '../hooks/use-zone.ts'
import { seesEverybody } from '../shell/navigation.ts'
import { ExportButton } from '../session-export/export-button.tsx'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { announce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { exact, plural } from '../ui/format.ts'
import { zoneName } from '../ui/instant.ts'
import { LiveChip } from '../ui/live-chip.tsx'
import { Empty } from '../ui/notice.tsx'
import { useQueryKeys } from './query-keys.ts'
import { sessionColumns } from './session-columns.tsx'

const fixedKeys: readonly QueryKey[] = [
  { key: 'status', hint: 'of the latest request', values: ['live', 'done', 'denied', 'error'] },
  { key: 'boundary', hint: 'out of one boundary', values: [], menu: false },
]

/** Every session, latest activity first; what changes is brought in where it stands. */
export function SessionsPage() {
  const seesOthers = seesEverybody(useMay())
  const asking = useListSearch()
  const list = useList(sessions(asking))
  const keys = useQueryKeys(fixedKeys, seesOthers)
  const zone = useZone()
  const today = useNow(3_600_000)
  const columns = useMemo(() => sessionColumns(zoneName(zone, today)), [zone, today])
  const live = useNewSessions(asking, list.count !== null)
  useShortcuts({ '.': () => (live.fresh === 0 ? false : (live.show(), true)) })
  usePage(listPage('Sessions', 'reeve bridge sessions list', '/api/v2/aibridge/sessions', asked(asking)))
  return (
    <ListPage
      title="Sessions"
      caption="Sessions, latest activity first"
      noun="session"
      list={list}
      columns={columns}
      aside={
        <span className="flex items-center gap-3">
          <LiveChip state={live.state} />
          {(list.count ?? 0) > 0 && (
            <ExportButton
              q={asked(asking).q ?? ''}
              what={seesOthers ? 'Every session that you may see' : 'Your own sessions'}
            />
          )}
        </span>
      }
      filters={{ asking, label: 'Query the sessions', ranged: true, ...keys }}
      ownOnly={!seesOthers}
      empty={<NothingYet ownOnly={!seesOthers} />}
    >
      {live.fresh > 0 && (
        <div className="sticky top-0 z-20 flex justify-center">
          <Button tone="primary" className="absolute top-1 shadow-lg" aria-keyshortcuts="." onClick={live.show}>
            {exact(live.fresh)} new · show ( . )
          </Button>
        </div>
      )}
    </ListPage>
  )
}

const lookEveryMs = 10_000

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
    const shown = queries.getQueryData(key)
    if (latest === null || shown === undefined) return
    const known = new Set(shown.pages.flatMap(({ rows }) => rows.map(({ id }) => id)))
    const count = latest.rows.filter(({ id }) => !known.has(id)).length
    const now = new Map(latest.rows.map((session) => [session.id, session]))
    queries.setQueryData(key, {
      ...shown,
      pages: shown.pages.map((part) => ({ ...part, rows: part.rows.map((row) => now.get(row.id) ?? row) })),
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

import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { session as sessionQuery } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { readingReason, wantsReason } from '../api/reading-reason.ts'
import { useWatch } from '../api/use-watch.ts'
import { AskReason } from '../forms/ask-reason.tsx'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { usePage } from '../shell/page.ts'
import { Feed } from '../timeline/feed.tsx'
import { Minimap } from '../timeline/minimap.tsx'
import { buildFeed, hiddenLanes, isFailure, type Lane, laneOf, offsetOf, rowMatches } from '../timeline/rows.ts'
import { SessionHead } from '../timeline/session-head.tsx'
import { TimelineBar } from '../timeline/timeline-bar.tsx'
import { useFollow } from '../timeline/use-follow.ts'
import { useTimeline } from '../timeline/use-timeline.ts'
import { Button } from '../ui/button.tsx'
import { exact, shortId } from '../ui/format.ts'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { Running } from '../timeline/running.tsx'

/** One session, everything that happened in it, in order. */
export function SessionPage() {
  const { id } = useParams({ from: '/app/sessions/$id' })
  const { hide = '', q = '', at } = useSearch({ from: '/app/sessions/$id' })
  const navigate = useNavigate({ from: '/sessions/$id' })
  const router = useRouter()
  const queries = useQueryClient()
  usePage({
    title: shortId(id),
    parent: { title: 'Sessions', to: '/sessions' },
    cli: `reeve bridge sessions show ${id}`,
    api: `/api/v2/aibridge/sessions/${id}/timeline`,
  })
  const head = useQuery(sessionQuery(id))
  const timeline = useTimeline(id)
  const watch = useWatch(
    id,
    head.data !== undefined,
    (signal) => client.events(endpoints.watchSession, { params: { id }, query: readingReason(), signal }),
    (event) => {
      timeline.refresh()
      if (event !== null) void queries.invalidateQueries({ queryKey: sessionQuery(id).queryKey })
    },
  )

  const hidden = useMemo(() => hiddenLanes(hide), [hide])
  const { events, decisions, builds } = timeline
  const all = useMemo(() => buildFeed({ events, decisions, builds }), [events, decisions, builds])
  const rows = useMemo(() => all.filter((row) => !hidden.has(laneOf(row)) || isFailure(row)), [all, hidden])
  const calls = useMemo(
    () => new Map(events.filter(({ kind }) => kind === 'tool_call').map((event) => [event.id, event])),
    [events],
  )
  const matches = useMemo(
    () => (q === '' ? [] : rows.filter((row) => rowMatches(row, q)).map((row) => row.id)),
    [rows, q],
  )
  const [activeId, setActiveId] = useActiveEvent(at ?? null, (next) => {
    // Whoever has followed a link in the meantime is on the way to another page, and not called back.
    if (location.pathname !== `/sessions/${id}`) return
    void navigate({ search: (old) => ({ ...old, at: next }), replace: true, resetScroll: false })
  })
  const follow = useFollow(rows, timeline.complete)

  const setSearch = (change: { hide?: string | undefined; q?: string | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true, resetScroll: false })
  const step = (by: 1 | -1) => {
    const here = activeId === null ? -1 : matches.indexOf(activeId)
    const to = here === -1 ? nearest(matches, rows, activeId, by) : matches.at((here + by) % matches.length)
    if (to !== undefined) setActiveId(to)
  }
  useShortcuts({
    '.': () => (follow.fresh === 0 ? false : (setActiveId(follow.firstFresh() ?? ''), true)),
    n: () => step(1),
    N: () => step(-1),
  })

  const fault = head.error ?? timeline.error
  if (head.data === undefined && fault !== null && faultOf(fault).code === 'not_found') {
    return (
      <Empty title="There is no such session, or you may not see it">
        <p>It may have been deleted by retention. Members see their own sessions; owners and auditors see all.</p>
      </Empty>
    )
  }
  const readAgain = () => {
    void head.refetch()
    timeline.refresh()
  }
  if (head.data === undefined && fault !== null && wantsReason(faultOf(fault))) {
    return <AskReason fault={faultOf(fault)} onGiven={readAgain} />
  }
  const active = activeId === null ? undefined : all.find((row) => row.id === activeId)
  return (
    <>
      <SessionHead id={id} session={head.data} watch={watch} />
      {fault !== null && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The session could not be read"
            fault={faultOf(fault)}
            stale={rows.length > 0}
            onRetry={readAgain}
          />
        </div>
      )}
      <div className="px-4 pb-2">
        <Minimap
          rows={all}
          hidden={hidden}
          active={active === undefined ? null : offsetOf(active)}
          onJump={setActiveId}
        />
      </div>
      <TimelineBar
        rows={all}
        hidden={hidden}
        onLanes={(next: ReadonlySet<Lane>) => setSearch({ hide: next.size === 0 ? undefined : [...next].join(',') })}
        finding={{
          text: q,
          onText: (text) => setSearch({ q: text === '' ? undefined : text }),
          found: matches.length,
          position: activeId === null ? -1 : matches.indexOf(activeId),
          onStep: step,
        }}
        complete={timeline.complete}
      />
      {follow.fresh > 0 && (
        <div className="sticky top-12 z-20 flex justify-center">
          <Button
            tone="primary"
            className="absolute top-1 shadow-lg"
            aria-keyshortcuts="."
            onClick={() => setActiveId(follow.firstFresh() ?? '')}
          >
            {exact(follow.fresh)} new · show ( . )
          </Button>
        </div>
      )}
      <Feed
        rows={rows}
        calls={calls}
        total={timeline.complete ? rows.length : -1}
        activeId={activeId}
        mark={q}
        onActive={setActiveId}
        onLeave={() => (router.history.canGoBack() ? router.history.back() : void navigate({ to: '/sessions' }))}
      />
      {timeline.complete && rows.length === 0 && (
        <Empty title={all.length === 0 ? 'Nothing is recorded of this session yet' : 'Every lane with events is off'}>
          {all.length > 0 && <Button onClick={() => setSearch({ hide: undefined })}>Show all lanes</Button>}
        </Empty>
      )}
      {!timeline.complete && timeline.error === null && (
        <p role="status" className="late px-4 py-3 text-muted">
          Reading events{all.length > 0 ? `: ${exact(all.length)} so far` : ''}
        </p>
      )}
      {head.data?.status === 'live' && timeline.complete && <Running events={timeline.events} />}
    </>
  )
}

/** Which event has the focus. The URL follows a moment later: moving through a session is no reason to write it each time. */
function useActiveEvent(fromUrl: string | null, write: (id: string) => void) {
  const [active, setActive] = useState(fromUrl)
  const latest = useRef(write)
  useEffect(() => {
    latest.current = write
  })
  useEffect(() => {
    if (fromUrl !== null) setActive(fromUrl)
  }, [fromUrl])
  useEffect(() => {
    if (active === null || active === fromUrl) return
    const timer = setTimeout(() => latest.current(active), 250)
    return () => clearTimeout(timer)
    // Only a move of the focus writes; an address that changes by itself has the last word.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [active])
  return [active, setActive] as const
}

/** The match after (or before) the event that has the focus, which is none itself. */
function nearest(
  matches: readonly string[],
  rows: readonly { readonly id: string }[],
  activeId: string | null,
  by: 1 | -1,
): string | undefined {
  const order = new Map(rows.map(({ id }, at) => [id, at]))
  const here = activeId === null ? -1 : (order.get(activeId) ?? -1)
  const after = matches.filter((id) => (order.get(id) ?? 0) > here)
  const before = matches.filter((id) => (order.get(id) ?? 0) < here)
  return by === 1 ? (after[0] ?? matches[0]) : (before.at(-1) ?? matches.at(-1))
}

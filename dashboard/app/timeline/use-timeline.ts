import { systemClock } from '@reeve/base'
import { eachEndpoint as endpoints, type TimelineBuild, type TimelineDecision, type TimelineEvent } from '@reeve/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { readingReason } from '../api/reading-reason.ts'

interface Part {
  readonly after: string | undefined
  readonly events: readonly TimelineEvent[]
  readonly decisions: readonly TimelineDecision[]
  readonly builds: readonly TimelineBuild[]
  readonly next: string | null
}

export interface Timeline {
  readonly events: readonly TimelineEvent[]
  /** Of the boundaries around it: each behind the event that it names. */
  readonly decisions: readonly TimelineDecision[]
  /** Of the workspaces around it, as the decisions. */
  readonly builds: readonly TimelineBuild[]
  /** Whether everything recorded so far has been read. */
  readonly complete: boolean
  readonly error: Error | null
  /** Reads again what may have changed; at most once a second. */
  readonly refresh: () => void
}

/** The first part is small, so that the first lines stand at once; the rest comes in large ones. */
const firstLimit = 200
const limit = 2000
const refreshMsMin = 1000

/**
 * All events of a session, part by part. When the session changes, reading begins again at the first part that holds a
 * request which had not ended: its answer is written where it belongs, which need not be the end.
 */
export function useTimeline(sessionId: string): Timeline {
  const queries = useQueryClient()
  const [state, setState] = useState<{ parts: readonly Part[]; complete: boolean; error: Error | null }>(nothing)
  const refresh = useRef(() => {})

  useEffect(() => {
    const stop = new AbortController()
    let parts: readonly Part[] = []
    let running = false
    let again = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let lastAt = -Infinity
    setState(nothing)

    const readPart = (after: string | undefined) =>
      queries.fetchQuery({
        queryKey: ['timeline', sessionId, after ?? ''],
        queryFn: () =>
          client.call(endpoints.getSessionTimeline, {
            params: { id: sessionId },
            query: {
              limit: after === undefined ? firstLimit : limit,
              ...(after === undefined ? {} : { after }),
              ...readingReason(),
            },
            signal: stop.signal,
          }),
        staleTime: 0,
        gcTime: 0,
      })

    const run = async (from: number) => {
      running = true
      lastAt = systemClock.monotonicMs()
      try {
        let at = from
        for (let after = parts[at]?.after; ; at++) {
          const { events, decisions, builds, next } = await readPart(after)
          if (stop.signal.aborted) return
          parts = [
            ...parts.slice(0, at),
            { after, events, decisions, builds, next },
            ...(next === null ? [] : parts.slice(at + 1)),
          ]
          setState({ parts, complete: next === null, error: null })
          if (next === null) break
          after = next
        }
      } catch (thrown) {
        if (!stop.signal.aborted)
          setState({ parts, complete: false, error: thrown instanceof Error ? thrown : new Error(String(thrown)) })
      } finally {
        running = false
      }
      if (again) schedule()
    }
    const schedule = () => {
      again = running
      if (running || timer !== undefined) return
      timer = setTimeout(
        () => {
          timer = undefined
          void run(firstUnfinished(parts))
        },
        Math.max(0, lastAt + refreshMsMin - systemClock.monotonicMs()),
      )
    }
    refresh.current = schedule
    void run(0)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [sessionId, queries])

  // A part that was read again may now reach into the one after it.
  const events = useMemo(() => {
    const byId = new Map<string, TimelineEvent>()
    for (const part of state.parts) for (const event of part.events) byId.set(event.id, event)
    return [...byId.values()]
  }, [state.parts])
  const decisions = useMemo(() => state.parts.flatMap((part) => part.decisions), [state.parts])
  const builds = useMemo(() => state.parts.flatMap((part) => part.builds), [state.parts])
  return { events, decisions, builds, complete: state.complete, error: state.error, refresh: () => refresh.current() }
}

const nothing = { parts: [], complete: false, error: null } as const

function firstUnfinished(parts: readonly Part[]): number {
  const ended = new Set<string>()
  for (const part of parts) for (const event of part.events) if (event.kind === 'end') ended.add(event.interception_id)
  const at = parts.findIndex((part) => part.events.some((event) => !ended.has(event.interception_id)))
  return at === -1 ? Math.max(0, parts.length - 1) : at
}

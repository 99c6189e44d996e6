import { type Log, toError, type Uuid } from '@reeve/base'
import type { BoundaryNotice } from '@reeve/sdk'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { bundleVersion } from './policy-queries.ts'
import { findSession, type SessionRow } from './session-queries.ts'

/** What is notified with the commit of a change, on whichever replica. */
const Notice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('policy') }),
  z.object({ kind: z.literal('end'), session: z.string() }),
  z.object({
    kind: z.literal('access'),
    user: z.string(),
    request: z.string(),
    denial: z.string(),
    status: z.string(),
  }),
])
export type Notice = z.infer<typeof Notice>

const channel = 'reeve_boundaries'

/** The streams of the boundaries that are connected to this replica, behind one connection to the database. */
export interface LiveBoundaries extends AsyncDisposable {
  /** Ends with the signal. The version of the policy comes first, so that nothing falls between a pull and the stream. */
  notices(session: SessionRow, signal: AbortSignal): AsyncIterable<BoundaryNotice>
}

interface Stream {
  readonly sessionId: Uuid
  readonly userId: Uuid
  push(notice: BoundaryNotice): void
}

const queuedMax = 100

export async function openLiveBoundaries({
  db,
  log,
}: {
  readonly db: Database
  readonly log: Log
}): Promise<LiveBoundaries> {
  const streams = new Set<Stream>()

  async function tellVersion(): Promise<void> {
    if (streams.size === 0) return
    const version = await bundleVersion(db.sql)
    for (const stream of streams) stream.push({ type: 'policy', version })
  }
  const tellVersionSoon = (): void => {
    telling = tellVersion().catch((thrown: unknown) => {
      // Each boundary also asks by itself, every half minute.
      log.warn({ err: toError(thrown) }, 'boundaries are not told of a policy yet')
    })
  }
  let telling: Promise<void> = Promise.resolve()

  function hear(payload: string): void {
    const notice = Notice.safeParse(jsonOf(payload)).data
    if (notice === undefined) return
    if (notice.kind === 'policy') return tellVersionSoon()
    for (const stream of streams) {
      if (notice.kind === 'end' && stream.sessionId === notice.session) stream.push({ type: 'end' })
      if (notice.kind === 'access' && stream.userId === notice.user) {
        const { request, denial, status } = notice
        stream.push({ type: 'access', request, denial, status })
      }
    }
  }
  const listener = await listen(db.connection, channel, hear, { log, onReconnect: tellVersionSoon })

  return {
    async *notices(session, signal) {
      const queue: BoundaryNotice[] = []
      let wake: () => void = () => {}
      const stream: Stream = {
        sessionId: session.id,
        userId: session.user_id,
        push(notice) {
          // Of versions only the latest counts.
          const known = notice.type === 'policy' ? queue.findIndex(({ type }) => type === 'policy') : -1
          if (known >= 0) queue.splice(known, 1)
          queue.push(notice)
          if (queue.length > queuedMax) queue.shift()
          wake()
        },
      }
      const aborted = () => wake()
      signal.addEventListener('abort', aborted)
      streams.add(stream)
      try {
        stream.push({ type: 'policy', version: await bundleVersion(db.sql) })
        // Asked after it was put on the list, so that nobody's wish falls between the two.
        const now = await findSession(db.sql, session.id)
        if (now?.stop_requested_at != null && now.ended_at === null) stream.push({ type: 'end' })
        while (!signal.aborted) {
          const next = queue.shift()
          if (next !== undefined) yield next
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        streams.delete(stream)
        signal.removeEventListener('abort', aborted)
      }
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await telling
    },
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody who can reach the database may notify; what is not ours says nothing.
    return undefined
  }
}

import { type Log, recordingLog } from '@reeve/base'
import { Registry } from 'prom-client'
import { type TestIdentity, testIdentity } from '../identity/testing.ts'
import { type LiveBoundaries, openLiveBoundaries } from './live.ts'
import { createBoundaryMetrics } from './metrics.ts'
import type { Room } from './room.ts'
import { boundaryRoutes } from './routes.ts'
import { createBundleSigner } from './signing-keys.ts'

/** The routes of this room over real sockets, with a second replica's ear on the same database. */
export interface BoundaryWorld extends AsyncDisposable {
  readonly identity: TestIdentity
  readonly call: TestIdentity['call']
  readonly room: Room
  readonly live: LiveBoundaries
  readonly there: LiveBoundaries
  readonly metrics: Registry
  readonly lines: ReturnType<typeof recordingLog>['lines']
}

export async function boundaryWorld(): Promise<BoundaryWorld> {
  await using undo = new AsyncDisposableStack()
  const registry = new Registry()
  const log: Log & { lines: ReturnType<typeof recordingLog>['lines'] } = recordingLog()
  let room: Room | null = null
  let live: LiveBoundaries | null = null
  const ear: LiveBoundaries = {
    notices: (session, signal) => live!.notices(session, signal),
    [Symbol.asyncDispose]: async () => {},
  }
  const identity = undo.use(
    await testIdentity({
      routes: ({ db, clock }, keyring) => {
        const metrics = createBoundaryMetrics(registry)
        room = {
          db,
          clock,
          log,
          metrics,
          url: 'https://reeve.test',
          signer: createBundleSigner({ db, keyring, clock }),
        }
        return boundaryRoutes(room, ear)
      },
    }),
  )
  live = undo.use(await openLiveBoundaries({ db: identity.db, log }))
  const there = undo.use(await openLiveBoundaries({ db: identity.db, log }))
  const resources = undo.move()
  return {
    identity,
    call: identity.call,
    room: room!,
    live,
    there,
    metrics: registry,
    lines: log.lines,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

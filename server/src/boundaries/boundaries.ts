import type { Clock, Log } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import type { Database } from '../db/database.ts'
import type { Route } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { linesBetween } from './between.ts'
import type { Gap, Span } from './between-queries.ts'
import { openLiveBoundaries } from './live.ts'
import { createBoundaryMetrics } from './metrics.ts'
import type { Room } from './room.ts'
import { boundaryRoutes } from './routes.ts'
import { createBundleSigner } from './signing-keys.ts'

/** The control plane of boundaries: who runs behind one, what was decided, and by which policy. */
export interface Boundaries extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** For whoever shows decisions beside something else. */
  linesBetween(actor: Actor, gaps: readonly Gap[], span: Span): ReturnType<typeof linesBetween>
}

export async function openBoundaries(options: {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}): Promise<Boundaries> {
  const live = await openLiveBoundaries(options)
  const room: Room = {
    ...options,
    signer: createBundleSigner(options),
    metrics: createBoundaryMetrics(options.metrics),
  }
  return {
    routes: boundaryRoutes(room, live),
    linesBetween: (actor, gaps, span) => linesBetween(room, actor, gaps, span),
    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  }
}

import type { Clock, Log } from '@reeve/base'
import type { Database } from '../db/database.ts'
import type { BoundaryMetrics } from './metrics.ts'
import type { BundleSigner } from './signing-keys.ts'

/** What the functions of this room stand on. */
export interface Room {
  readonly db: Database
  readonly signer: BundleSigner
  readonly metrics: BoundaryMetrics
  /** Under which people and boundaries reach the deployment, and its gateway. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
}

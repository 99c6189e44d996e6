import type { Clock, Uuid } from '@reeve/base'
import type { Signer } from '../audit/signing-key.ts'
import type { Database } from '../db/database.ts'
import type { Portion } from './plan.ts'

export interface RunContext {
  readonly db: Database
  readonly clock: Clock
  readonly signer: Signer
  /** Stops between two steps; what is left is for the next run. */
  readonly signal: AbortSignal
}

/** What went of a class, of one organization and one day. */
export interface Removed {
  readonly dataClass: Portion['dataClass']
  readonly unit: Portion['unit']
  readonly organizationId: Uuid | null
  readonly day: string | null
  readonly removed: number
}

import type { Uuid } from '@reeve/base'
import type { Scope } from '@reeve/sdk'

/** Site roles. Everybody is a member; the other two are granted and stored. */
export type Role = 'owner' | 'auditor' | 'member'

/** Who asks, with which credential: what is left of a token once it has been believed. */
export interface Actor {
  readonly userId: Uuid
  readonly username: string
  readonly organizationIds: readonly Uuid[]
  readonly roles: readonly Role[]
  readonly apiKeyId: string
  /** What the credential may do, whatever its owner may do. */
  readonly scopes: readonly Scope[]
}

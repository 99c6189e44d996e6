import type { Uuid } from '@reeve/base'
import type { Grantable, Resource, Scope } from '@reeve/sdk'

/**
 * What somebody may do because of one role that he holds. Each list is for other objects:
 *
 *   site          every object there is
 *   organization  the objects of the organization in which the role is held
 *   own           the holder's own objects; of a role held in an organization, those within it
 */
export interface HeldRole {
  readonly name: string
  /** Null for a role that is held everywhere. Such a role has no `organization` list. */
  readonly organizationId: Uuid | null
  readonly site: ReadonlySet<Grantable>
  readonly organization: ReadonlySet<Grantable>
  readonly own: ReadonlySet<Grantable>
}

/** One line of a credential's allow list. */
export interface AllowedObject {
  readonly type: Resource | '*'
  /** An id, or `*` for all of the type. */
  readonly id: string
}

/** Who asks, with which credential: what is left of a token once it has been believed. */
export interface Actor {
  readonly userId: Uuid
  readonly username: string
  /** The organizations that he is a member of; the default one first. */
  readonly organizationIds: readonly Uuid[]
  readonly groupIds: readonly Uuid[]
  readonly roles: readonly HeldRole[]
  readonly apiKeyId: string
  /** What the credential may do, whatever its owner may do. */
  readonly scopes: readonly Scope[]
  /** The objects that the credential is for; null when it is for all that its scopes allow. */
  readonly allowList: readonly AllowedObject[] | null
  /** The workspace that the credential was made for and ends with. */
  readonly workspaceId?: Uuid | null
  /** Of whom the credential is: of a browser's sign-in, of `reeve login`, or a token that somebody made. */
  readonly heldBy?: 'browser' | 'command_line' | 'program'
  /** His rights changed since this session was begun: the browser that has it is given another one. */
  readonly isOutgrown?: boolean
}

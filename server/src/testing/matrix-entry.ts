import type { Uuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { type AccessObject, allows } from '../access/policy.ts'
import type { Asker, MatrixWorld, Person } from './matrix-world.ts'

/**
 * One line of the matrix: how to make the object that a route is about, and by what its access is decided. The endpoint's
 * own permission is always asked first; `checks` are what the handler asks of the object after that.
 */
export type Entry = (place: Place) => Request | Promise<Request>

export interface Place {
  readonly world: MatrixWorld
  readonly asker: Asker
  readonly which: 'own' | 'same organization' | 'other organization'
  /** Whose object it is, and in which organization. */
  readonly holder: Person
  readonly organizationId: Uuid
}

export interface Request {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
  readonly checks?: readonly Check[]
  /** What is answered when access is given, where that is not the endpoint's own success. */
  readonly answers?: number
  /** Instead of the asker's own credential, which the request would end. */
  readonly token?: string
  /** Of a list: the ids that it shows of those that are known, each with what access to it is decided by. */
  readonly list?: { readonly ids: (json: unknown) => readonly string[]; readonly known: readonly Known[] }
}

export interface Known {
  readonly id: string
  readonly permission: Grantable
  readonly object: AccessObject
}

export interface Check {
  readonly passes: (actor: Actor) => boolean
  readonly otherwise: 403 | 404
}

export const check = (permission: Grantable, object: AccessObject, otherwise: 403 | 404): Check => ({
  passes: (actor) => allows(actor, permission, object),
  otherwise,
})

/** What one may not read is not there; what one may read and not do is forbidden. */
export const reached = (read: Grantable, needs: Grantable, object: AccessObject): Check[] => [
  { passes: (actor) => allows(actor, read, object) || allows(actor, needs, object), otherwise: 404 },
  check(needs, object, 403),
]

/** There is no object: whoever has the permission that the endpoint declares gets an answer. */
export const gate =
  (request: Request = {}): Entry =>
  () =>
    request

/** What there is once in a deployment: a role of an organization is not enough. */
export const once =
  (permission: Grantable, request: Request = {}): Entry =>
  () => ({ checks: [check(permission, {}, 403)], ...request })

export const statusFor = (actor: Actor, declared: string, checks: readonly Check[], success: number): number =>
  declared !== 'public' && !allows(actor, asPermission(declared))
    ? 403
    : (checks.find(({ passes }) => !passes(actor))?.otherwise ?? success)

// SAFETY: what an endpoint declares is a permission; `public` and `signed_in` are asked of `allows` as well.
const asPermission = (declared: string) => declared as Grantable

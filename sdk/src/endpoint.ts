import type { FaultCode } from '@reeve/base'
import type { Grantable } from './permissions.ts'

/**
 * An endpoint is a value: one operation of the management API as data. The server's routes, the typed client, the
 * OpenAPI document and the list of required tests are all made from the same record.
 *
 * Schemas are held by a one-method interface instead of zod's own type: the compiler then does a linear amount of work
 * however many endpoints there are. Contract schemas describe what is on the wire and never transform it.
 */
export interface Schema<T> {
  parse(value: unknown): T
}

/** What a credential must be allowed to do before the handler runs; `public` needs none. */
export type Permission = 'public' | 'signed_in' | Grantable

export interface Endpoint<Params = unknown, Query = unknown, Body = unknown, Result = unknown> {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/v2/users/:user`; a parameter is a whole segment. */
  readonly path: string
  /** Further paths that answer the same: names used by other products' clients. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** The heading it stands under in the reference. */
  readonly tag: string
  readonly permission: Permission
  readonly params: Schema<Params>
  readonly query: Schema<Query>
  readonly body: Schema<Body> | null
  /** For a body of bytes, which are taken as they come: of which types, and how many. Null: the body is JSON. */
  readonly upload: Upload | null
  readonly status: 200 | 201 | 202 | 204 | 303
  /**
   * `json`: `result` describes it; `bytes`: a download; `events`: text/event-stream whose data lines are `result`;
   * `redirect`: a browser is sent elsewhere.
   */
  readonly answers: 'json' | 'bytes' | 'events' | 'redirect'
  readonly result: Schema<Result>
  /** Faults that the operation itself declares, beside the ones that any operation may answer. */
  readonly faults: readonly FaultCode[]
}

export interface Upload {
  readonly types: readonly string[]
  readonly bytesMax: number
}

/** A body of bytes, with the type that its sender says it has. */
export interface Uploaded {
  readonly type: string
  readonly bytes: Uint8Array
}

interface Spec<Params, Query, Body, Result> {
  name: string
  method: Endpoint['method']
  path: string
  aliases?: readonly string[]
  summary: string
  tag: string
  permission: Permission
  params?: Schema<Params>
  query?: Schema<Query>
  body?: Schema<Body>
  upload?: Upload
  status?: Endpoint['status']
  answers?: Endpoint['answers']
  result: Schema<Result>
  faults?: readonly FaultCode[]
}

/** A slot that the operation does not use. */
export const nothing: Schema<Record<never, never>> = { parse: () => ({}) }

export function endpoint<
  Params = Record<never, never>,
  Query = Record<never, never>,
  Body = undefined,
  Result = unknown,
>(spec: Spec<Params, Query, Body, Result>): Endpoint<Params, Query, Body, Result> {
  return {
    aliases: [],
    status: 200,
    answers: 'json',
    faults: [],
    ...spec,
    // SAFETY: when a spec leaves a slot out, its type parameter is the empty record, which `nothing` parses to.
    params: spec.params ?? (nothing as Schema<Params>),
    // SAFETY: as above.
    query: spec.query ?? (nothing as Schema<Query>),
    body: spec.body ?? null,
    upload: spec.upload ?? null,
  }
}

/** The values of the named parameters of a path, percent-encoded into it. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:([a-z_]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
}

import { z } from 'zod'
import type { Permission, Schema } from './endpoint.ts'

/**
 * A WebSocket of the management API, as data: its way in is a GET with a path, a query and a permission like any other
 * endpoint, and what follows are messages both ways. Nothing calls it for an answer, so that it is no `Endpoint`.
 */
export interface SocketEndpoint<P extends Permission = Permission> {
  readonly name: string
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly permission: P
  readonly params: Schema<unknown>
  readonly query: Schema<unknown>
  /** Of whoever connects. */
  readonly takes: Messages
  /** Of the server. */
  readonly says: Messages
}

export interface Messages {
  readonly description: string
  /** Each message is JSON of this schema; null: bytes. */
  readonly schema: Schema<unknown> | null
}

export const socketEndpoint = <const P extends Permission>(
  spec: Omit<SocketEndpoint<P>, 'query'> & { readonly query?: Schema<unknown> },
): SocketEndpoint<P> => ({ query: z.object({}), ...spec })

import { Fault, type Log, type Secret } from '@reeve/base'
import type { Endpoint } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import type { RequestSource } from './request-source.ts'

/**
 * An endpoint is a value of the contract; a route is that value with the function that answers it. Routes are plain
 * data: `serve.ts` reads a list of them, and the tests ask the same list what must be tried.
 */

/** What a handler may know of the request beside its input. */
export interface Scope {
  /** Null only on public endpoints. */
  readonly actor: Actor | null
  /** The credential is the cookie of a browser, which takes another one where it is told so. */
  readonly fromCookie?: boolean
  /** By which way it came; every request says so. */
  readonly source?: RequestSource
  /** As it came, also where no person has it: endpoints of agents look at it themselves. */
  readonly credential?: Secret | null
  readonly requestId: string
  readonly sourceIp: string | null
  readonly userAgent: string | null
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal
  readonly log: Log
}

/** The part of a request that its endpoint's schemas read: path parameters, query and parsed body. */
export interface RouteInput<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

export interface FileAnswer {
  /** All of it, or pieces as they are made: then the answer has no length, and breaks off where a piece fails. */
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>
  readonly contentType: string
  /** The name to save it under; null shows it in place, for text of our own making only. */
  readonly fileName: string | null
}

/** The session that the browser should hold from now on; null makes it forget the one that it has. */
export type SessionCookie = { readonly token: string; readonly maxAgeMs: number } | null

/** What a browser says and keeps beside its session: the few cookies of sign-ins that are under way. */
export interface Browser {
  /** The value that the browser sent for a short-lived cookie of ours; null when it sent none, or more than one. */
  cookie(name: string): string | null
  /** Somebody looks at the answer: words in JSON would be of little help. */
  readonly wantsPage: boolean
}

/** A cookie for a few minutes, for this host alone. An empty value makes the browser forget it. */
export interface ShortCookie {
  readonly name: string
  readonly value: string
  readonly maxAgeMs: number
}

/** Sends a browser elsewhere. */
export interface RedirectAnswer {
  /** A path of ours, or the address of somebody whom the operator configured. Never what a request said. */
  readonly location: string
  readonly cookies?: readonly ShortCookie[]
  readonly session?: SessionCookie
}

export type Answer =
  | { readonly kind: 'redirect'; readonly redirect: RedirectAnswer }
  | {
      readonly kind: 'json'
      readonly result: unknown
      readonly session?: SessionCookie
      /** What was to be made is there since an earlier request, and this one has changed nothing. */
      readonly isRepeated?: boolean
    }
  | { readonly kind: 'bytes'; readonly file: FileAnswer }
  | { readonly kind: 'events'; readonly events: AsyncIterable<unknown> }

export interface Route {
  readonly endpoint: Endpoint
  /** Is called with input that the endpoint's schemas have accepted, for an actor who may use the endpoint at all. */
  readonly answer: (input: RouteInput, scope: Scope, browser: Browser) => Promise<Answer>
}

type Handler<P, Q, B, R> = (input: RouteInput<P, Q, B>, scope: Scope) => Promise<R> | R

export function implement<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, handler: Handler<P, Q, B, R>): Route {
  return {
    endpoint,
    answer: async (input, scope) => ({ kind: 'json', result: await handler(typed(endpoint, input), scope) }),
  }
}

/** For making what is made once, however often it is asked for. */
export function implementOnce<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  handler: Handler<P, Q, B, { readonly result: R; readonly isRepeated: boolean }>,
): Route {
  return {
    endpoint,
    answer: async (input, scope) => ({ kind: 'json', ...(await handler(typed(endpoint, input), scope)) }),
  }
}

/** For the few operations that also change which session the browser holds. */
export function implementSignIn<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  handler: Handler<P, Q, B, { readonly result: R; readonly session?: SessionCookie }>,
): Route {
  return {
    endpoint,
    answer: async (input, scope) => ({ kind: 'json', ...(await handler(typed(endpoint, input), scope)) }),
  }
}

export function implementBytes<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  handler: Handler<P, Q, B, FileAnswer>,
): Route {
  return {
    endpoint,
    answer: async (input, scope) => ({ kind: 'bytes', file: await handler(typed(endpoint, input), scope) }),
  }
}

export function implementRedirect<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  handler: (input: RouteInput<P, Q, B>, scope: Scope, browser: Browser) => Promise<RedirectAnswer> | RedirectAnswer,
): Route {
  return {
    endpoint,
    answer: async (input, scope, browser) => ({
      kind: 'redirect',
      redirect: await handler(typed(endpoint, input), scope, browser),
    }),
  }
}

/** The handler may throw a `Fault` until its first event; `scope.signal` tells it when to stop. */
export function implementEvents<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  handler: Handler<P, Q, B, AsyncIterable<R>>,
): Route {
  return {
    endpoint,
    answer: async (input, scope) => ({ kind: 'events', events: await handler(typed(endpoint, input), scope) }),
  }
}

export function signedIn(scope: Pick<Scope, 'actor'>): Actor {
  if (scope.actor === null) throw new Fault('unauthenticated', 'sign in first')
  return scope.actor
}

function typed<P, Q, B, R>(_endpoint: Endpoint<P, Q, B, R>, input: RouteInput): RouteInput<P, Q, B> {
  // SAFETY: `Route.answer` is only called with what this very endpoint's schemas returned (`read-input.ts`).
  return input as RouteInput<P, Q, B>
}

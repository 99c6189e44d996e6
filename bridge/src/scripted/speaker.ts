import type { Json } from './tools.ts'

/** One API as the scripted provider speaks it, below a path of its own. */
export interface Speaker {
  readonly prefix: string
  /** What a POST to this path asks for; null when the API has no such path. */
  post(path: string, query: URLSearchParams): Posted | null
  /** Where models are listed; the first group is the id of one. */
  readonly modelsPath: RegExp
  models(ids: readonly string[]): object
  model(id: string): object
  error(status: number, message: string): object
}

/** Answers a body, or says what is wrong with it. */
export type Posted = (body: Json, bytes: Uint8Array) => Reply | string

export type Reply =
  | { readonly json: object; readonly id?: string }
  | { readonly events: Iterable<string>; readonly contentType?: string; readonly id: string }

export const describeModel = (id: string): string => `${id} (a script built into Reeve, not a model)`

import type { Scan } from '../scan.ts'

/** How the ids of what a provider keeps are found in the requests and answers of one API. */
export interface StoredFormat {
  /** What a request names of objects that there are: in its path, and in its body, whether that was scanned or not. */
  named(path: string, body: Buffer, scan: Scan | null): Named
  /** Reads the ids of new objects from the answer; null when it names none. */
  made(method: string, path: string, body: Buffer, scan: Scan | null): MadeReader | null
}

/** `problem` is told to the client, whose body could be read in two ways. */
export type Named =
  { readonly ok: true; readonly ids: readonly string[] } | { readonly ok: false; readonly problem: string }

/** Takes an answer as it comes. */
export interface MadeReader {
  push(bytes: Uint8Array): readonly string[]
  finish(): readonly string[]
}

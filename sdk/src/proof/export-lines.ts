import type { ChainedEvent, Sha256 } from './chain.ts'
import type { JournalHead } from './checkpoint.ts'

/**
 * The lines of an export. Everything that vouches for the events stands before them, so that they can be checked as
 * they are read; the manifest at the end tells that nothing of the file is missing.
 */
export type ExportLine =
  | {
      readonly kind: 'header'
      readonly format: 'reeve-audit-export/1'
      readonly origin: string
      readonly exported_at: string
      /** False when a filter, or what its reader may see, left events out: such a file cannot be proved complete. */
      readonly complete: boolean
      /** The newest event as the database has it. */
      readonly head: { readonly seq: number; readonly hash: string }
    }
  | { readonly kind: 'key'; readonly key: string }
  /** A checkpoint: as the database has it, or only the file beside the signing key. */
  | { readonly kind: 'checkpoint'; readonly from: 'database' | 'log'; readonly note: string }
  | { readonly kind: 'removal'; readonly note: string }
  | ({ readonly kind: 'journal' } & JournalHead)
  | EventLine
  /** A place in the chain whose event is gone. */
  | { readonly kind: 'missing'; readonly seq: number; readonly hash: string; readonly id: string }
  /** An event without a place in the chain. */
  | { readonly kind: 'unchained'; readonly id: string }
  | ManifestLine

export interface EventLine extends ChainedEvent {
  readonly kind: 'event'
  readonly seq: number
  readonly hash: string
  readonly time: string
  /** Who the actor is by name. Not covered by the hash: people are renamed. */
  readonly actor: string | null
}

export interface ManifestLine {
  readonly kind: 'manifest'
  readonly events: number
  readonly from_seq: number | null
  readonly to_seq: number | null
  readonly checkpoints: number
  /** Every line before this one. */
  readonly lines: number
  readonly lines_hash: string
  readonly key_id: string
  /** Signed by the server that made the export. */
  readonly note: string
}

/** Rolls over the lines of a file, without their line breaks. */
export function nextLinesHash(before: Uint8Array, line: string, sha256: Sha256): Uint8Array {
  const bytes = new TextEncoder().encode(line)
  const joined = new Uint8Array(before.length + bytes.length)
  joined.set(before)
  joined.set(bytes, before.length)
  return sha256(joined)
}

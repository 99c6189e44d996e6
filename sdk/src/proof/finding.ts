export type FindingKind =
  /** Events are gone. */
  | 'deleted'
  /** An event, or its place in the chain, was changed. */
  | 'edited'
  /** Two events stand in each other's place. */
  | 'swapped'
  /** The newest events are gone. */
  | 'truncated'
  /** The chain was made anew from somewhere on. */
  | 'rewritten'
  /** The database was set back to an older state. */
  | 'restored'
  /** An event was put in beside the chain. */
  | 'unchained'
  | 'checkpoints_missing'
  /** A signature is not genuine. */
  | 'forged'
  | 'unknown_key'
  /** The file itself was changed or cut off. */
  | 'file_damaged'

/** One thing that is wrong, and where in the chain. */
export interface Finding {
  readonly kind: FindingKind
  readonly from_seq: number | null
  readonly to_seq: number | null
  readonly detail: string
}

export type Find = (kind: FindingKind, detail: string, from?: number | null, to?: number | null) => void

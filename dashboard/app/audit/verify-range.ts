import {
  type AuditEvent,
  contentHash,
  fromBase64,
  linkHash,
  type NoteKey,
  parseCheckpoint,
  parseKey,
  readNote,
} from '@reeve/sdk'
import { sha256 } from './sha256.ts'

/** What the rows of the page prove of themselves, against the last signed checkpoint. */
export type RangeProof =
  /** The hash of an event is not made of what the event says. */
  | { readonly kind: 'edited'; readonly seqs: readonly number[] }
  /** The rows fit each other and are not what was signed. */
  | { readonly kind: 'rewritten'; readonly seq: number }
  /** The signature of the checkpoint is not genuine, or its key is none of the server's. */
  | { readonly kind: 'forged' }
  /** Rows are missing between others: a filter leaves them out, the viewer may not see them, or they are gone. */
  | { readonly kind: 'gaps'; readonly from: number; readonly to: number }
  /** Everything fits, and the checkpoint is about an event that is not among the rows. */
  | { readonly kind: 'elsewhere'; readonly from: number; readonly to: number; readonly signedSeq: number | null }
  /** From `from` to `to` the rows are what was signed; those after it are not signed yet. */
  | { readonly kind: 'proved'; readonly from: number; readonly to: number; readonly unsigned: number }
  /** The rows are those of the signed hash, and this browser cannot check the signature itself. */
  | { readonly kind: 'unchecked'; readonly from: number; readonly to: number }
  | { readonly kind: 'nothing' }

interface Place {
  readonly seq: number
  readonly hash: Uint8Array
  readonly event: AuditEvent
}

/** Null where the browser cannot tell: it lacks Ed25519, or the page came without TLS. */
export type CheckSignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean | null>

export async function verifyRange(
  rows: readonly AuditEvent[],
  chain: { readonly keys: readonly { readonly key: string }[]; readonly checkpoint: { readonly note: string } | null },
  check: CheckSignature,
): Promise<RangeProof> {
  const places = placesOf(rows)
  const [first, last] = [places[0], places.at(-1)]
  if (first === undefined || last === undefined) return { kind: 'nothing' }
  const misfits = places.filter((place, at) => !follows(places[at - 1], place)).map(({ seq }) => seq)
  if (misfits.length > 0) return { kind: 'edited', seqs: misfits }
  const gap = places.findIndex(({ seq }, at) => at > 0 && seq !== places[at - 1]!.seq + 1)
  if (gap !== -1) return { kind: 'gaps', from: places[gap - 1]!.seq, to: places[gap]!.seq }

  const range = { from: first.seq, to: last.seq }
  if (chain.checkpoint === null) return { kind: 'elsewhere', ...range, signedSeq: null }
  const keys = chain.keys.flatMap(({ key }) => parseKey(key, sha256) ?? [])
  const { genuine, text } = await openNote(chain.checkpoint.note, keys, check)
  const signed = text === null ? null : parseCheckpoint(text)
  if (genuine === false || signed === null) return { kind: 'forged' }
  const at = places.find(({ seq }) => seq === signed.seq)
  if (at === undefined) return { kind: 'elsewhere', ...range, signedSeq: signed.seq }
  if (at.event.hash !== signed.hash) return { kind: 'rewritten', seq: signed.seq }
  if (genuine === null) return { kind: 'unchecked', from: range.from, to: signed.seq }
  return { kind: 'proved', from: range.from, to: signed.seq, unsigned: range.to - signed.seq }
}

/** Those that have a place in the chain, in its order. */
function placesOf(rows: readonly AuditEvent[]): readonly Place[] {
  return rows
    .flatMap((event) => {
      const hash = event.hash === null ? null : fromBase64(event.hash)
      return hash === null || event.seq === null ? [] : [{ seq: event.seq, hash, event }]
    })
    .sort((a, b) => a.seq - b.seq)
}

/** Whether the hash is made of the one before and of what the event says; of the first row after a gap nobody can tell. */
function follows(before: Place | undefined, { seq, hash, event }: Place): boolean {
  if (before === undefined || before.seq !== seq - 1) return true
  const made = linkHash(before.hash, seq, contentOf(event), sha256)
  return made.every((byte, at) => byte === hash[at])
}

/** A row is hashed once, however often more rows are loaded below it. */
const contents = new WeakMap<AuditEvent, Uint8Array>()

function contentOf(event: AuditEvent): Uint8Array {
  const known = contents.get(event)
  if (known !== undefined) return known
  const content = contentHash({ ...event, actor_id: event.actor?.id ?? null }, sha256)
  contents.set(event, content)
  return content
}

/** The contract reads notes at once; a browser checks signatures later. What would be checked is kept for that. */
async function openNote(
  note: string,
  keys: readonly NoteKey[],
  check: CheckSignature,
): Promise<{ readonly genuine: boolean | null; readonly text: string | null }> {
  let asked: Promise<boolean | null> = Promise.resolve(false)
  const reading = readNote(note, keys, (...signed) => {
    asked = check(...signed)
    return true
  })
  return { genuine: await asked, text: reading.kind === 'signed' ? reading.text : null }
}

/** By the browser's own means. */
export async function checkInBrowser(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | null> {
  try {
    const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(message))
  } catch {
    return null
  }
}

import { Fault } from '@reeve/base'
import type { Sha256 } from './chain.ts'
import { noReceipt, parseReceipt, type Receipt } from './receipt.ts'
import { type NoteKey, parseKey, readNote, type VerifySignature } from './signed-note.ts'

/** The lines of a file of receipts: the keys that the server gave, then every receipt in order. */
export type ReceiptLine =
  { readonly kind: 'key'; readonly key: string } | { readonly kind: 'receipt'; readonly note: string }

export interface ReceiptFinding {
  readonly kind: 'forged' | 'unknown_key' | 'missing' | 'not_in_audit_log' | 'file_damaged'
  readonly number: number | null
  readonly detail: string
}

export interface ReceiptVerification {
  readonly receipts: number
  readonly removed: number
  /** Whether the keys were given by whoever verifies, or taken from the file itself. */
  readonly keys: 'given' | 'of_the_file'
  /** Whether the receipts were held against an export of the audit log. */
  readonly audited: boolean
  readonly findings: readonly ReceiptFinding[]
}

export interface ReceiptOptions {
  readonly lines: AsyncIterable<string>
  readonly keys: readonly string[]
  /** What the audit log says of receipts: the hash of the text, by number. Null where there is no export at hand. */
  readonly audited: ReadonlyMap<number, string> | null
  readonly sha256: Sha256
  readonly verify: VerifySignature
}

/**
 * Verifies receipts without the server: that each was signed, that none is missing between the first and the last, and,
 * with an export of the audit log that was verified by itself, that none is missing at the end and each is the one that
 * the log tells of.
 */
export async function verifyReceipts(options: ReceiptOptions): Promise<ReceiptVerification> {
  const { sha256, verify, audited } = options
  const findings: ReceiptFinding[] = []
  const find = (kind: ReceiptFinding['kind'], number: number | null, detail: string): void =>
    void findings.push({ kind, number, detail })
  const areGiven = options.keys.length > 0
  const keys: NoteKey[] = options.keys.map((text) => {
    const key = parseKey(text, sha256)
    if (key !== null) return key
    throw new Fault('invalid', 'the key is not a public key of an audit log', { fix: 'reeve audit key prints it' })
  })
  const oldest = Math.min(...(audited?.keys() ?? []))
  let [last, before, receipts, removed, lines] = [0, noReceipt, 0, 0, 0]

  function take(receipt: Receipt, text: string): void {
    const hash = hexOf(sha256(new TextEncoder().encode(text)))
    if (receipt.number !== last + 1) find('missing', last + 1, `the next one in the file is ${receipt.number}`)
    else if (receipt.before !== before) find('missing', last, 'the next one follows another one of this number')
    // The audit log may have forgotten its oldest events, by a retention of its own.
    if (audited !== null && receipt.number >= oldest && audited.get(receipt.number) !== hash) {
      find('not_in_audit_log', receipt.number, 'the audit log has no event of this receipt')
    }
    last = receipt.number
    before = hash
    receipts++
    removed += receipt.removed
  }

  for await (const line of options.lines) {
    if (line === '') continue
    lines++
    const entry = readLine(line)
    if (entry === null) find('file_damaged', null, `line ${lines} cannot be read`)
    else if (entry.kind === 'key') {
      const key = parseKey(entry.key, sha256)
      if (key !== null && !areGiven) keys.push(key)
    } else {
      const reading = readNote(entry.note, keys, verify)
      const receipt = reading.kind === 'signed' ? parseReceipt(reading.text) : null
      if (reading.kind === 'signed' && receipt !== null) take(receipt, reading.text)
      else if (reading.kind === 'unknown_key') {
        find('unknown_key', last + 1, `signed by ${reading.names.join(', ')}, which was not given`)
      } else find('forged', last + 1, `line ${lines} is no receipt that was signed as it stands`)
    }
  }
  const newest = Math.max(0, ...(audited?.keys() ?? []))
  if (newest > last) find('missing', last + 1, `the audit log tells of receipts up to ${newest}`)
  return { receipts, removed, keys: areGiven ? 'given' : 'of_the_file', audited: audited !== null, findings }
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function readLine(line: string): ReceiptLine | null {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof entry !== 'object' || entry === null || !('kind' in entry)) return null
  if (entry.kind === 'key' && 'key' in entry && typeof entry.key === 'string') return { kind: 'key', key: entry.key }
  if (entry.kind !== 'receipt' || !('note' in entry) || typeof entry.note !== 'string') return null
  return { kind: 'receipt', note: entry.note }
}

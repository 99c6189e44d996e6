import { createHash } from 'node:crypto'
import type { Uuid } from '@reeve/base'
import { type DataClass, noReceipt, type Receipt, receiptText } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Signer } from '../audit/signing-key.ts'
import type { Tx } from '../db/database.ts'
import { dataRemoved, systemScope } from './events.ts'
import type { Standing } from './policies.ts'
import { insertReceipt, selectLastReceipt } from './receipt-queries.ts'

/** What a transaction removed of one organization, and by whose decision. */
export interface Removal {
  readonly dataClass: DataClass
  readonly unit: string
  readonly organizationId: Uuid | null
  /** YYYY-MM-DD. */
  readonly day: string | null
  readonly removed: number
  /** As `digestOf` makes it of the ids, in order. */
  readonly ids: string
}

/**
 * Signs for what a transaction removed, inside that very transaction: there is no receipt of what did not happen, and
 * nothing goes without one. The caller holds the lock of holds, by which receipts are numbered one after the other.
 */
export async function writeReceipt(
  tx: Tx,
  signer: Signer,
  at: Date,
  removal: Removal,
  { keepDays, decision }: Standing,
): Promise<void> {
  const last = await selectLastReceipt(tx)
  const receipt: Receipt = {
    origin: signer.origin,
    number: (last?.number ?? 0) + 1,
    before: last === null ? noReceipt : hashOf(textOf(last.note)),
    dataClass: removal.dataClass,
    unit: removal.unit,
    organization: removal.organizationId ?? '-',
    day: removal.day ?? '-',
    removed: removal.removed,
    ids: removal.ids,
    keepDays,
    policyVersion: decision?.version ?? 0,
    setBy: decision?.set_by ?? 'settings',
    setAt: (decision?.set_at ?? at).toISOString(),
    time: at.toISOString(),
  }
  const text = receiptText(receipt)
  await insertReceipt(tx, {
    number: receipt.number,
    data_class: removal.dataClass,
    unit: removal.unit,
    organization_id: removal.organizationId,
    day: removal.day,
    removed: removal.removed,
    note: signer.sign(text),
    created_at: at,
  })
  await appendAudit(tx, { scope: systemScope, at, ...dataRemoved(receipt, hashOf(text), removal.organizationId) })
}

/** Takes the names of what goes, piece by piece, in order. */
export function idsDigest(): { add(ids: readonly string[]): void; hex(): string; count(): number } {
  const hash = createHash('sha256')
  let count = 0
  return {
    add(ids) {
      count += ids.length
      for (const id of ids) hash.update(`${id}\n`)
    },
    hex: () => hash.digest('hex'),
    count: () => count,
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1)

import { type Clock, Fault, type Log } from '@reeve/base'
import type { Database, Tx } from '../db/database.ts'
import { contextOf, type Keyring } from './keyring.ts'
import {
  countSealed,
  lockKeys,
  lockStaleRows,
  replaceSealed,
  type SealedRow,
  selectKeys,
  setRetired,
} from './queries.ts'
import { type SealedColumn, sealedColumns } from './sealed-columns.ts'

/**
 * Seals with the first key whatever is sealed with another: in small transactions, each of which leaves every value
 * readable, so that it can be ended at any moment and goes on where it was. What is left to do is told by the values
 * themselves; there is no progress to keep or to lose. Replicas may do it at the same time.
 */
export interface ResealOptions {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Puts on record what a transaction did, in that transaction. */
  readonly record: (tx: Tx, change: KeyringChange, at: Date) => Promise<void>
  readonly batchRows?: number
  readonly columns?: readonly SealedColumn[]
}

export type KeyringChange =
  | {
      readonly kind: 'resealed'
      readonly table: string
      readonly column: string
      readonly rows: number
      readonly keyId: string
    }
  | { readonly kind: 'retired'; readonly keyId: string }

export interface Resealed {
  readonly resealed: number
  /** Values that did not open: their key is missing here, or they are not what was sealed. They are left as they are. */
  readonly unreadable: number
}

export async function resealAll(options: ResealOptions): Promise<Resealed> {
  const { db, log, signal, columns = sealedColumns } = options
  let resealed = 0
  let unreadable = 0
  for (const column of columns) {
    let last: Batch['last'] = null
    do {
      signal.throwIfAborted()
      const after: Batch['last'] = last
      const batch: Batch = await db.transaction((tx) => resealBatch(options, tx, column, after))
      resealed += batch.resealed
      unreadable += batch.unreadable
      last = batch.last
    } while (last !== null)
  }
  if (unreadable > 0) log.warn({ values: unreadable }, 'some secrets do not open and were left as they are')
  await retireUnused(options)
  return { resealed, unreadable }
}

interface Batch extends Resealed {
  /** The key of the last row that was looked at; null when there was none. */
  readonly last: readonly string[] | null
}

async function resealBatch(
  { keyring, clock, log, record, batchRows = 100 }: ResealOptions,
  tx: Tx,
  column: SealedColumn,
  after: readonly string[] | null,
): Promise<Batch> {
  const keyId = keyring.keyIds()[0]!
  const rows = await lockStaleRows(tx, column, keyId, after, batchRows)
  let resealed = 0
  for (const row of rows) {
    const plain = tryOpen(keyring, log, column, row)
    if (plain === null) continue
    await replaceSealed(tx, column, row, keyring.seal(plain, contextIn(column, row)))
    resealed++
  }
  if (resealed > 0) {
    const { table, column: name } = column
    await record(tx, { kind: 'resealed', table, column: name, rows: resealed, keyId }, clock.now())
  }
  return { resealed, unreadable: rows.length - resealed, last: rows.at(-1)?.key ?? null }
}

function tryOpen(keyring: Keyring, log: Log, column: SealedColumn, row: SealedRow): string | null {
  try {
    return keyring.open(row.sealed, contextIn(column, row)).reveal()
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    log.debug({ detail: thrown.detail }, thrown.message)
    return null
  }
}

const contextIn = ({ table, column }: SealedColumn, row: SealedRow): string => contextOf(table, column, ...row.key)

/** Lets go of keys that seal nothing any more: from then on the server starts without them. */
async function retireUnused({ db, keyring, clock, record, columns = sealedColumns }: ResealOptions): Promise<void> {
  await db.transaction(async (tx) => {
    await lockKeys(tx)
    const [first] = keyring.keyIds()
    const inUse = await countSealed(tx, columns)
    for (const { id, retired_at } of await selectKeys(tx)) {
      if (id === first || retired_at !== null || inUse.has(id) || !keyring.keyIds().includes(id)) continue
      const at = clock.now()
      await setRetired(tx, id, at)
      await record(tx, { kind: 'retired', keyId: id }, at)
    }
  })
}

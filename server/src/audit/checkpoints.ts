import { type Clock, type Log, toError } from '@reeve/base'
import { checkpointText, contentHash, formatKey, parseCheckpoint, toBase64 } from '@reeve/sdk'
import type { Database, Tx } from '../db/database.ts'
import type { CheckpointLog } from './checkpoint-log.ts'
import { insertCheckpoint, insertKey, lastCheckpoint, selectHashAt, selectJournalHeads } from './checkpoint-queries.ts'
import { sha256 } from './proof.ts'
import { linkEvent, selectChain, selectUnchained, tryAuditLock } from './queries.ts'
import type { Signer } from './signing-key.ts'

export interface CheckpointContext {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly signer: Signer
  readonly checkpointLog: CheckpointLog
}

const everyMs = 60_000
const everySeq = 1_000
const lookMs = 5_000
const stepRows = 500

/** Puts the events of older releases into the chain. Returns how many. */
export async function chainOldEvents(db: Database): Promise<number> {
  let total = 0
  for (;;) {
    const chained = await db.transaction(async (tx) => {
      if (!(await tryAuditLock(tx, 'chain'))) return 0
      const events = await selectUnchained(tx, stepRows)
      for (const event of events) await linkEvent(tx, event.id, contentHash(event, sha256))
      return events.length
    })
    total += chained
    if (chained < stepRows) return total
  }
}

/** What is told of a checkpoint that was signed. */
export interface SignedCheckpoint {
  readonly number: number
  readonly seq: number
  readonly note: string
}

/**
 * Signs the heads of the chain and of every replica's journal, when one of them has moved since the last checkpoint and
 * either a minute or a thousand events have passed. Null when there is nothing to do, or another replica is doing it.
 *
 * The note goes into the database in a transaction and into the file after it: what the file holds was committed. A crash
 * in between is made good at the next start.
 */
export async function takeCheckpoint(context: CheckpointContext): Promise<SignedCheckpoint | null> {
  const { db, clock, log, signer, checkpointLog } = context
  const signed = await db.transaction(async (tx) => {
    if (!(await tryAuditLock(tx, 'checkpoint'))) return null
    const last = await lastCheckpoint(tx)
    const now = clock.now()
    const chain = await selectChain(tx)
    const isDue =
      last === null || now.getTime() - last.created_at.getTime() >= everyMs || chain.seq - last.seq >= everySeq
    if (!isDue) return null
    const journals = await selectJournalHeads(tx)
    const hash = toBase64(chain.hash)
    const state = JSON.stringify([chain.seq, hash, journals])
    if (last?.state === state) return null
    const number = (last?.number ?? 0) + 1
    const text = checkpointText({
      origin: signer.origin,
      seq: chain.seq,
      hash,
      number,
      time: now.toISOString(),
      journals,
    })
    const note = signer.sign(text)
    await insertCheckpoint(tx, { number, seq: chain.seq, state, key_id: signer.key.id, note, created_at: now })
    return { number, seq: chain.seq, hash, note }
  })
  if (signed === null) return null
  await checkpointLog.append(signed.note)
  log.info({ number: signed.number, seq: signed.seq, hash: signed.hash, note: signed.note }, 'audit checkpoint')
  return signed
}

/** Makes this replica's key known, so that whoever exports knows which keys there are. */
export async function registerSigner(tx: Tx, signer: Signer, replica: string, at: Date): Promise<void> {
  await insertKey(tx, { key_id: signer.key.id, key: formatKey(signer.key), replica, created_at: at })
}

/**
 * Holds the file against the database: what was signed here and is not in the chain as it was signed. Null when they
 * agree. It is told, and the server goes on: a backup may have been restored on purpose.
 */
export async function contradiction(
  context: Pick<CheckpointContext, 'db' | 'signer' | 'checkpointLog'>,
): Promise<string | null> {
  const { db, signer, checkpointLog } = context
  const newest = readCheckpoint(await checkpointLog.newest())
  if (newest === null || newest.origin !== signer.origin || newest.seq === 0) return null
  const chain = await selectChain(db.sql)
  if (newest.seq > chain.seq)
    return `checkpoint ${newest.number} covers ${newest.seq} events, the database has ${chain.seq}`
  if (newest.seq <= chain.removed_seq) return null
  const hash = await selectHashAt(db.sql, newest.seq)
  const same = hash !== null && toBase64(hash) === newest.hash
  return same ? null : `the event ${newest.seq} is not the one of checkpoint ${newest.number}`
}

/** Writes into the file what a crash kept from it: the newest checkpoint that this key signed. */
async function completeLog({ db, signer, checkpointLog }: CheckpointContext): Promise<void> {
  const last = await lastCheckpoint(db.sql)
  if (last === null || last.key_id !== signer.key.id) return
  const written = readCheckpoint(await checkpointLog.newest())
  if (written === null || written.number < last.number) await checkpointLog.append(last.note)
}

const readCheckpoint = (note: string | null) =>
  note === null ? null : parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))

/** Now and then every few seconds, until it is disposed of; the last look is at the end. */
export function startCheckpoints(
  context: CheckpointContext,
  onChange: (state: { readonly contradiction: string | null }) => void = () => {},
): AsyncDisposable {
  const { db, log } = context
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let told: string | null = null
  const look = async (): Promise<void> => {
    try {
      await chainOldEvents(db)
      await completeLog(context)
      const found = await contradiction(context)
      if (found !== null && found !== told) {
        log.error(
          {
            found,
            fix: 'run reeve audit verify; if a backup was restored, keep checkpoints.log: it shows what was lost',
          },
          'the audit log is not the one that was signed',
        )
      }
      told = found
      onChange({ contradiction: found })
      await takeCheckpoint(context)
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'no audit checkpoint for now')
    }
    if (!stopped) timer = setTimeout(() => (running = look()), lookMs).unref()
  }
  let running = look()
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

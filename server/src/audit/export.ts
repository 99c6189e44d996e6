import type { Clock } from '@reeve/base'
import { type EventLine, type ExportLine, exportText, genesis, nextLinesHash, toBase64 } from '@reeve/sdk'
import type { Visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import type { CheckpointLog } from './checkpoint-log.ts'
import {
  lastCheckpoint,
  selectCheckpoints,
  selectJournalHeads,
  selectKeys,
  selectRemovals,
} from './checkpoint-queries.ts'
import { csvHeader, csvLine } from './csv.ts'
import { ocsfEvent } from './ocsf.ts'
import { storedFields, timeOf } from './present.ts'
import { sha256 } from './proof.ts'
import { type AuditRow, selectChain, selectChained, selectPlaces, selectStrayIds } from './queries.ts'
import { type AuditFilter, isNarrowed } from './search.ts'
import type { Signer } from './signing-key.ts'

export interface ExportContext {
  readonly db: Database
  readonly clock: Clock
  readonly signer: Signer
  readonly checkpointLog: CheckpointLog
}

export interface ExportRequest {
  readonly format: 'jsonl' | 'csv' | 'ocsf'
  readonly filter: AuditFilter
  readonly visible: Visibility
}

const pageRows = 500
const strayMax = 1_000

/** The file, piece by piece. What happens after it was begun is not in it. */
export async function* exportEvents(context: ExportContext, request: ExportRequest): AsyncGenerator<Buffer> {
  const { format, filter, visible } = request
  if (format === 'jsonl') {
    yield* exportProof(context, request)
    return
  }
  if (format === 'csv') yield Buffer.from(csvHeader())
  const { seq } = await selectChain(context.db.sql)
  for await (const rows of pages((range) =>
    selectChained(context.db.sql, filter, visible, { ...range, upToSeq: seq }),
  )) {
    const text = rows.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(ocsfEvent(row))}\n`)).join('')
    yield Buffer.from(text)
  }
}

/**
 * JSON lines that prove what they say. Checkpoints are read before the events and none is left out, also those that the
 * database does not have any more; the end of the chain is read before both, so that nothing can look cut off that was
 * merely written meanwhile.
 */
async function* exportProof(context: ExportContext, { filter, visible }: ExportRequest): AsyncGenerator<Buffer> {
  const { db, clock, signer, checkpointLog } = context
  const complete = visible.everything && visible.ids === 'any' && !isNarrowed(filter)
  let linesHash = genesis
  let lines = 0
  let pending = ''
  const add = (line: ExportLine): void => {
    const text = JSON.stringify(line)
    if (line.kind !== 'manifest') {
      linesHash = nextLinesHash(linesHash, text, sha256)
      lines++
    }
    pending += `${text}\n`
  }
  const flush = (): Buffer => {
    const bytes = Buffer.from(pending)
    pending = ''
    return bytes
  }

  const time = clock.now().toISOString()
  // In this order: what vouches is never newer than what it vouches for.
  const lastLogged = await checkpointLog.newest()
  const lastNumber = (await lastCheckpoint(db.sql))?.number ?? 0
  const chain = await selectChain(db.sql)
  const head = { seq: chain.seq, hash: chain.hash.toString('base64') }
  add({ kind: 'header', format: 'reeve-audit-export/1', origin: signer.origin, exported_at: time, complete, head })
  for (const { key } of await selectKeys(db.sql)) add({ kind: 'key', key })
  let checkpoints = 0
  if (complete) {
    for (const { note } of await selectRemovals(db.sql)) add({ kind: 'removal', note })
    const stored = new Set<string>()
    const next = (range: { afterSeq: number; limit: number }) => selectCheckpoints(db.sql, range.afterSeq, range.limit)
    for await (const rows of pages(next, (row) => row.number)) {
      for (const { note, number } of rows) {
        if (number > lastNumber) continue
        add({ kind: 'checkpoint', from: 'database', note })
        stored.add(signatureOf(note))
        checkpoints++
      }
      yield flush()
    }
    for await (const note of lastLogged === null ? [] : checkpointLog.read()) {
      if (!stored.has(signatureOf(note))) add({ kind: 'checkpoint', from: 'log', note })
      if (note === lastLogged) break
    }
    for (const journal of await selectJournalHeads(db.sql)) add({ kind: 'journal', ...journal })
    for (const id of await selectStrayIds(db.sql, strayMax)) add({ kind: 'unchained', id })
  }
  yield flush()

  let events = 0
  let from: number | null = null
  let to: number | null = null
  const count = (seq: number): void => {
    events++
    from ??= seq
    to = seq
  }
  if (complete) {
    for await (const places of pages((range) => selectPlaces(db.sql, { ...range, upToSeq: chain.seq }))) {
      for (const { seq, hash, event, event_id } of places) {
        if (event === null) add({ kind: 'missing', seq, hash: hash.toString('base64'), id: event_id })
        else {
          add(eventLine(event, seq, hash))
          count(seq)
        }
      }
      yield flush()
    }
  } else {
    const next = (range: { afterSeq: number; limit: number }) =>
      selectChained(db.sql, filter, visible, { ...range, upToSeq: chain.seq })
    for await (const rows of pages(next)) {
      for (const row of rows) {
        if (row.seq === null || row.hash === null) continue
        add(eventLine(row, row.seq, row.hash))
        count(row.seq)
      }
      yield flush()
    }
  }
  const lines_hash = toBase64(linesHash)
  const note = signer.sign(exportText(signer.origin, lines, lines_hash, time))
  add({
    kind: 'manifest',
    events,
    from_seq: from,
    to_seq: to,
    checkpoints,
    lines,
    lines_hash,
    key_id: signer.key.id,
    note,
  })
  yield flush()
}

const signatureOf = (note: string): string => note.slice(-90)

const eventLine = (row: AuditRow, seq: number, hash: Buffer): EventLine => ({
  kind: 'event',
  seq,
  time: timeOf(row.id).toISOString(),
  actor: row.username,
  ...storedFields(row),
  hash: hash.toString('base64'),
})

async function* pages<Row extends { readonly seq: number | null }>(
  read: (range: { afterSeq: number; limit: number }) => Promise<Row[]>,
  placeOf: (row: Row) => number = (row) => row.seq ?? 0,
): AsyncGenerator<Row[]> {
  let afterSeq = 0
  for (;;) {
    const rows = await read({ afterSeq, limit: pageRows })
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < pageRows) return
    afterSeq = placeOf(last)
  }
}

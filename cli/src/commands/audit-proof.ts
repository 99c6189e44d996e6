import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Fault, toError } from '@reeve/base'
import { endpoints, type Finding, type Verification, verifyExport } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleLine } from '../output/visible.ts'
import { fieldOf, linesOf, sha256, verifySignature } from './proof.ts'
import { chunks, saveTo } from './save-download.ts'

interface ExportInput {
  readonly out: string | undefined
  readonly format: 'jsonl' | 'csv' | 'ocsf' | undefined
  readonly filter: string | undefined
  readonly reason: string | undefined
}

export async function exportAudit(context: Context, input: ExportInput): Promise<Answer> {
  const { out, format = 'jsonl', filter, reason } = input
  if (out === undefined && context.io.tty.stdout) {
    throw new Fault('invalid', 'an export is a file', { fix: 'give --out <file>, or send it into a pipe' })
  }
  const client = await context.client()
  const query = {
    format,
    ...(filter === undefined ? {} : { q: filter }),
    ...(reason === undefined ? {} : { reason }),
  }
  const { body } = await client.download(endpoints.exportAuditEvents, { query, signal: context.io.signal })
  if (out === undefined) return raw(chunks(body))
  const file = resolve(context.io.cwd, out)
  const row = { file, format, bytes: await saveTo(file, body) }
  const columns: readonly Column<typeof row>[] = [
    { name: 'file', value: (it) => it.file, priority: 0 },
    { name: 'format', value: (it) => it.format, priority: 0 },
    { name: 'bytes', value: (it) => it.bytes, priority: 0 },
  ]
  return one(row, columns, (it) => it.file)
}

interface VerifyInput {
  readonly file: string | undefined
  readonly checkpoints: readonly string[]
  readonly key: readonly string[]
}

const findingColumns: readonly Column<Finding>[] = [
  { name: 'finding', value: (row) => row.kind, priority: 0, tone: () => 'red' },
  { name: 'from', value: (row) => row.from_seq, priority: 0 },
  { name: 'to', value: (row) => row.to_seq, priority: 0 },
  { name: 'detail', value: (row) => row.detail, priority: 0, elastic: true },
]

/** Needs no server when there is a file: everything is computed here, and nothing that the server says is believed. */
export async function verifyAudit(context: Context, input: VerifyInput): Promise<Answer> {
  const witnessed: string[] = []
  for (const file of input.checkpoints) witnessed.push(...(await readNotes(resolve(context.io.cwd, file))))
  const lines = input.file === undefined ? downloaded(context) : linesOf(resolve(context.io.cwd, input.file))
  const result = await verifyExport({ lines, witnessed, keys: input.key, sha256, verify: verifySignature })
  if (result.keys === 'of_the_export')
    context.note('the keys are those of the export itself: give --key with one that you kept, to know who signed')
  return {
    ...table(result.findings, findingColumns, (row) => row.kind, 'nothing is wrong'),
    document: () => result,
    page: async function* () {
      for (const line of verdict(result)) yield `${visibleLine(line)}\n`
    },
    exitCode: result.findings.length === 0 ? 0 : 1,
  }
}

function* verdict(result: Verification): Generator<string> {
  const { findings, events, from_seq, to_seq, covered_seq, checkpoints } = result
  const range = from_seq === null ? '' : ` (${from_seq} to ${to_seq})`
  yield `${events} events${range}, ${checkpoints} signed checkpoints, signed up to event ${covered_seq}`
  for (const { kind, from_seq: from, to_seq: to, detail } of findings) {
    const place = from === null ? '' : from === to ? ` ${from}` : ` ${from} to ${to}`
    yield `${kind}${place}: ${detail}`
  }
  yield findings.length === 0 ? 'verified: nothing is wrong' : 'not verified'
}

async function* downloaded(context: Context): AsyncGenerator<string> {
  const client = await context.client()
  const query = { reason: 'reeve audit verify' }
  const { body } = await client.download(endpoints.exportAuditEvents, { query, signal: context.io.signal })
  yield* createInterface({ input: Readable.from(chunks(body), { objectMode: false }), crlfDelay: Infinity })
}

/**
 * Lines with a note each, as they are in `checkpoints.log`, or as a sink was sent them: JSON, of whatever stands before it
 * in a line of syslog. Other events among them, and a line that a crash cut off, are passed over.
 */
async function readNotes(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
  })
  return text.split('\n').flatMap((line) => {
    const json = line.indexOf('{')
    if (json === -1) return []
    try {
      const value: unknown = JSON.parse(line.slice(json))
      // Of a webhook what it is about is in `data`; OCSF has no field for a note.
      const data = fieldOf(value, 'data')
      return [value, data, fieldOf(value, 'unmapped'), fieldOf(data, 'unmapped')]
        .map((part) => fieldOf(part, 'note'))
        .filter((note) => typeof note === 'string')
    } catch {
      return []
    }
  })
}

export async function showAuditKeys(context: Context): Promise<Answer> {
  const client = await context.client()
  const { keys } = await client.call(endpoints.getAuditChain, { signal: context.io.signal })
  const columns: readonly Column<(typeof keys)[number]>[] = [
    { name: 'key', value: (row) => row.key, priority: 0 },
    { name: 'replica', value: (row) => row.replica, priority: 1 },
    instantColumn('created', (row) => row.created_at, 2),
  ]
  return table(keys, columns, (row) => row.key, 'no keys yet')
}

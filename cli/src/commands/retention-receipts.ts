import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import {
  endpoints,
  type ReceiptLine,
  type ReceiptVerification,
  type RetentionReceipt,
  verifyReceipts,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleLine } from '../output/visible.ts'
import { fieldOf, linesOf, sha256, verifySignature } from './proof.ts'

const columns: readonly Column<RetentionReceipt>[] = [
  { name: 'number', value: (row) => row.number, priority: 0 },
  { name: 'class', value: (row) => row.data_class, priority: 0 },
  { name: 'what', value: (row) => row.unit, priority: 0 },
  { name: 'organization', value: (row) => row.organization?.name ?? null, priority: 1 },
  { name: 'day', value: (row) => row.day, priority: 1 },
  { name: 'removed', value: (row) => row.removed, priority: 0 },
  instantColumn('at', (row) => row.created_at, 1),
  { name: 'note', value: (row) => row.note, priority: 7 },
]

export async function listReceipts(context: Context, { limit = 50 }: { limit: number | undefined }): Promise<Answer> {
  const client = await context.client()
  const query = { limit: Math.min(limit, 1_000) }
  const { receipts } = await client.call(endpoints.listRetentionReceipts, { query, signal: context.io.signal })
  return table(receipts, columns, (row) => String(row.number), 'nothing was removed yet')
}

export async function exportReceipts(context: Context, { out }: { out: string | undefined }): Promise<Answer> {
  if (out === undefined && context.io.tty.stdout) {
    throw new Fault('invalid', 'an export is a file', { fix: 'give --out <file>, or send it into a pipe' })
  }
  if (out === undefined) return raw(linesFromServer(context))
  const file = resolve(context.io.cwd, out)
  await writeFile(file, linesFromServer(context)).catch((thrown: unknown) => {
    // What the server answers is told as it is.
    if (!(thrown instanceof Error && 'syscall' in thrown && 'path' in thrown)) throw thrown
    throw new Fault('invalid', `cannot write ${file}: ${toError(thrown).message}`, { cause: thrown })
  })
  return one({ file }, [{ name: 'file', value: (row) => row.file, priority: 0 }], (row) => row.file)
}

/** The keys that the server gives, then every receipt in order. */
async function* linesFromServer(context: Context): AsyncGenerator<string> {
  const client = await context.client()
  const { signal } = context.io
  const { keys } = await client.call(endpoints.getAuditChain, { signal })
  const line = (entry: ReceiptLine): string => `${JSON.stringify(entry)}\n`
  for (const { key } of keys) yield line({ kind: 'key', key })
  for (let after = 0; ;) {
    const { receipts } = await client.call(endpoints.listRetentionReceipts, { query: { after, limit: 1_000 }, signal })
    const next = receipts.filter(({ number }) => number > after)
    for (const { note } of next) yield line({ kind: 'receipt', note })
    const last = next.at(-1)
    if (last === undefined) return
    after = last.number
  }
}

interface VerifyInput {
  readonly file: string | undefined
  readonly key: readonly string[]
  readonly audit: string | undefined
}

/** Needs no server when there is a file: everything is computed here, and nothing that the server says is believed. */
export async function checkReceipts(context: Context, { file, key, audit }: VerifyInput): Promise<Answer> {
  const path = (given: string) => resolve(context.io.cwd, given)
  const lines = file === undefined ? linesFromServer(context) : linesOf(path(file))
  const audited = audit === undefined ? null : await receiptsOf(linesOf(path(audit)))
  const result = await verifyReceipts({ lines, keys: key, audited, sha256, verify: verifySignature })
  if (result.keys === 'of_the_file')
    context.note('the keys are those of the file itself: give --key with one that you kept, to know who signed')
  return {
    ...table(result.findings, findingColumns, (row) => row.kind, 'nothing is wrong'),
    document: () => result,
    page: async function* () {
      for (const line of verdict(result)) yield `${visibleLine(line)}\n`
    },
    exitCode: result.findings.length === 0 ? 0 : 1,
  }
}

const findingColumns: readonly Column<ReceiptVerification['findings'][number]>[] = [
  { name: 'finding', value: (row) => row.kind, priority: 0, tone: () => 'red' },
  { name: 'number', value: (row) => row.number, priority: 0 },
  { name: 'detail', value: (row) => row.detail, priority: 0, elastic: true },
]

function* verdict({ findings, receipts, removed, audited }: ReceiptVerification): Generator<string> {
  yield `${receipts} receipts for ${removed} things that were removed`
  yield audited ? 'held against the audit log' : 'not held against the audit log: --audit does that'
  for (const { kind, number, detail } of findings) yield `${kind}${number === null ? '' : ` ${number}`}: ${detail}`
  yield findings.length === 0 ? 'verified: nothing is wrong' : 'not verified'
}

/** What an export of the audit log says of receipts. */
async function receiptsOf(lines: AsyncIterable<string>): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for await (const line of lines) {
    const event = line.includes('"retention_receipt"') ? parse(line) : null
    if (fieldOf(event, 'kind') !== 'event' || fieldOf(event, 'resource_type') !== 'retention_receipt') continue
    const hash = fieldOf(fieldOf(fieldOf(event, 'diff'), 'receipt_sha256'), 'new')
    if (typeof hash === 'string') found.set(Number(fieldOf(event, 'resource_id')), hash)
  }
  return found
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { type AuditSink, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

const columns: readonly Column<AuditSink>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'kind', value: (row) => row.kind, priority: 0 },
  { name: 'url', value: (row) => row.url, priority: 2, elastic: true },
  { name: 'delivered', value: (row) => row.delivered_seq, priority: 1 },
  { name: 'lag', value: (row) => row.lag, priority: 0 },
  { name: 'error', value: (row) => row.last_error, priority: 0, elastic: true },
  instantColumn('failing_since', (row) => row.failing_since, 3),
  instantColumn('last_delivered', (row) => row.last_delivered_at, 3),
  { name: 'format', value: (row) => row.format, priority: 4 },
  { ...idColumn<AuditSink>(), priority: 6 },
]

export async function listSinks(context: Context): Promise<Answer> {
  const client = await context.client()
  const { sinks } = await client.call(endpoints.listAuditSinks, { signal: context.io.signal })
  return table(sinks, columns, (row) => row.id, 'no sinks; reeve audit sinks create makes one')
}

interface CreateInput {
  readonly name: string
  readonly url: string
  readonly kind: 'syslog' | 'otlp' | 'webhook' | undefined
  readonly format: 'reeve' | 'ocsf' | undefined
  readonly secretFile: string | undefined
  readonly ca: string | undefined
  readonly allowPrivate: boolean
  readonly fromBeginning: boolean
}

export async function createSink(context: Context, input: CreateInput): Promise<Answer> {
  const { name, url, kind, format, secretFile, ca, allowPrivate, fromBeginning } = input
  if (kind === undefined)
    throw new Fault('invalid', '--kind is missing', { fix: 'give --kind syslog, otlp or webhook' })
  const client = await context.client()
  const created = await client.call(endpoints.createAuditSink, {
    body: {
      name,
      url,
      kind,
      allow_private: allowPrivate,
      from: fromBeginning ? 'beginning' : 'now',
      ...(format === undefined ? {} : { format }),
      ...(secretFile === undefined ? {} : { secret: (await readText(context, secretFile)).trim() }),
      ...(ca === undefined ? {} : { ca: await readText(context, ca) }),
    },
    signal: context.io.signal,
  })
  if (created.secret !== null) context.note('the secret is not shown again; the receiver needs it')
  const secret: Column<typeof created> = { name: 'secret', value: (row) => row.secret, priority: 0 }
  return one(created, [...columns, secret], (row) => row.id)
}

export async function testSink(context: Context, { sink }: { readonly sink: string }): Promise<Answer> {
  const client = await context.client()
  const result = await client.call(endpoints.testAuditSink, { params: { sink }, signal: context.io.signal })
  const fields: readonly Column<typeof result>[] = [
    { name: 'delivered', value: (row) => row.delivered, priority: 0 },
    { name: 'error', value: (row) => row.error, priority: 0 },
  ]
  return { ...one(result, fields, () => sink), exitCode: result.delivered ? 0 : 1 }
}

export async function removeSink(context: Context, { sink }: { readonly sink: string }): Promise<Answer> {
  const client = await context.client()
  await context.confirm(`Send nothing more to ${sink}, and forget how far it was?`)
  await client.call(endpoints.deleteAuditSink, { params: { sink }, signal: context.io.signal })
  return one({ name: sink }, [{ name: 'name', value: (row) => row.name, priority: 0 }], (row) => row.name)
}

async function readText(context: Context, given: string): Promise<string> {
  const path = resolve(context.io.cwd, given)
  return readFile(path, 'utf8').catch((thrown: unknown) => {
    throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
  })
}

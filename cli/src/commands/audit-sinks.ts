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
  { name: 'state', value: stateOf, priority: 0 },
  { name: 'sends', value: (row) => row.sends.join(' '), priority: 1 },
  { name: 'lag', value: (row) => row.lag, priority: 0 },
  { name: 'record_lag', value: (row) => row.record_lag, priority: 1 },
  { name: 'boundary_lag', value: (row) => row.boundary_lag, priority: 1 },
  { name: 'content', value: (row) => row.content, priority: 4 },
  { name: 'error', value: (row) => row.last_error, priority: 0, elastic: true },
  instantColumn('failing_since', (row) => row.failing_since, 3),
  instantColumn('last_delivered', (row) => row.last_delivered_at, 3),
  { name: 'format', value: (row) => row.format, priority: 4 },
  { ...idColumn<AuditSink>(), priority: 6 },
]

function stateOf({ disabled_at, failing_since }: AuditSink): string {
  if (disabled_at !== null) return 'disabled'
  return failing_since === null ? 'on' : 'failing'
}

export async function listSinks(context: Context): Promise<Answer> {
  const client = await context.client()
  const { sinks } = await client.call(endpoints.listAuditSinks, { signal: context.io.signal })
  return table(sinks, columns, (row) => row.id, 'no sinks; reeve audit sinks create makes one')
}

const streams = ['audit', 'interceptions', 'boundaries'] as const satisfies AuditSink['sends']

/** Nothing where nothing was said. */
function readSends(given: readonly string[]): { sends?: AuditSink['sends'] } {
  if (given.length === 0) return {}
  const sends = streams.filter((stream) => given.includes(stream))
  const unknown = given.find((name) => !sends.some((stream) => stream === name))
  if (unknown === undefined) return { sends }
  throw new Fault('invalid', `--sends ${unknown} is nothing that can be sent`, {
    fix: 'give --sends audit, interceptions or boundaries; more than one with more than one --sends',
  })
}

interface CreateInput {
  readonly name: string
  readonly url: string
  readonly kind: 'syslog' | 'otlp' | 'webhook' | undefined
  readonly format: 'reeve' | 'ocsf' | undefined
  readonly sends: readonly string[]
  readonly content: boolean
  readonly secretFile: string | undefined
  readonly ca: string | undefined
  readonly allowPrivate: boolean
  readonly fromBeginning: boolean
}

export async function createSink(context: Context, input: CreateInput): Promise<Answer> {
  const { name, url, kind, format, sends, content, secretFile, ca, allowPrivate, fromBeginning } = input
  if (kind === undefined)
    throw new Fault('invalid', '--kind is missing', { fix: 'give --kind syslog, otlp or webhook' })
  const client = await context.client()
  const created = await client.call(endpoints.createAuditSink, {
    body: {
      name,
      url,
      kind,
      allow_private: allowPrivate,
      content,
      ...readSends(sends),
      from: fromBeginning ? 'beginning' : 'now',
      ...(format === undefined ? {} : { format }),
      ...(secretFile === undefined ? {} : { secret: (await readText(context, secretFile)).trim() }),
      ...(ca === undefined ? {} : { ca: await readText(context, ca) }),
    },
    signal: context.io.signal,
  })
  return withSecret(context, created)
}

function withSecret(context: Context, sink: AuditSink & { readonly secret: string | null }): Answer {
  if (sink.secret !== null) context.note('the secret is not shown again; the receiver needs it')
  const secret: Column<typeof sink> = { name: 'secret', value: (row) => row.secret, priority: 0 }
  return one(sink, [...columns, secret], (row) => row.id)
}

interface UpdateInput {
  readonly sink: string
  readonly name: string | undefined
  readonly address: string | undefined
  readonly format: 'reeve' | 'ocsf' | undefined
  readonly sends: readonly string[]
  readonly content: boolean
  readonly withoutContent: boolean
  readonly secretFile: string | undefined
  readonly renewSecret: boolean
  readonly ca: string | undefined
  readonly publicCa: boolean
  readonly allowPrivate: boolean
  readonly refusePrivate: boolean
}

export async function updateSink(context: Context, input: UpdateInput): Promise<Answer> {
  const {
    sink,
    name,
    address,
    format,
    sends,
    content,
    withoutContent,
    secretFile,
    renewSecret,
    ca,
    publicCa,
    allowPrivate,
    refusePrivate,
  } = input
  const either = (one: boolean, other: boolean, words: string) => {
    if (one && other) throw new Fault('invalid', `${words} contradict each other`, { fix: 'give one of them' })
  }
  either(secretFile !== undefined, renewSecret, '--secret-file and --renew-secret')
  either(content, withoutContent, '--content and --without-content')
  either(ca !== undefined, publicCa, '--ca and --public-ca')
  either(allowPrivate, refusePrivate, '--allow-private and --refuse-private')
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { url: address }),
    ...(format === undefined ? {} : { format }),
    ...readSends(sends),
    ...(content || withoutContent ? { content } : {}),
    ...(renewSecret ? { secret: null } : {}),
    ...(secretFile === undefined ? {} : { secret: (await readText(context, secretFile)).trim() }),
    ...(publicCa ? { ca: null } : {}),
    ...(ca === undefined ? {} : { ca: await readText(context, ca) }),
    ...(allowPrivate || refusePrivate ? { allow_private: allowPrivate } : {}),
  }
  if (Object.keys(body).length === 0)
    throw new Fault('invalid', 'nothing to change', { fix: 'say what: reeve audit sinks update --help' })
  const client = await context.client()
  const changed = await client.call(endpoints.updateAuditSink, { params: { sink }, body, signal: context.io.signal })
  return withSecret(context, changed)
}

export async function switchSink(
  context: Context,
  { sink }: { readonly sink: string },
  enabled: boolean,
): Promise<Answer> {
  const client = await context.client()
  const changed = await client.call(endpoints.updateAuditSink, {
    params: { sink },
    body: { enabled },
    signal: context.io.signal,
  })
  return one(changed, columns, (row) => row.id)
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

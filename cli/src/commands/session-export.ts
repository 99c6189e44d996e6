import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw } from '../output/answer.ts'
import { type FilterInput, filterQuery } from './filter.ts'
import { reasonQuery, type ReasonInput } from './reason.ts'
import { chunks, saveTo } from './save-download.ts'
import { SessionFile, type SessionManifest } from './session-file.ts'

interface ExportInput extends FilterInput, ReasonInput {
  readonly out: string | undefined
  readonly after: string | undefined
  readonly bodies: boolean
  readonly withoutContent: boolean
}

type Row = Omit<SessionManifest, 'kind'> & { readonly file: string }

const columns: readonly Column<Row>[] = [
  { name: 'file', value: (row) => row.file, priority: 0 },
  { name: 'sessions', value: (row) => row.sessions, priority: 0 },
  { name: 'requests', value: (row) => row.requests, priority: 0 },
  { name: 'events', value: (row) => row.events, priority: 1 },
  { name: 'bodies', value: (row) => row.bodies, priority: 1 },
  { name: 'lines', value: (row) => row.lines, priority: 2 },
  { name: 'sha256', value: (row) => row.sha256, priority: 0 },
  { name: 'last_session_id', value: (row) => row.last_session_id, priority: 3 },
]

/** The file is there when it is whole, and not before; into a pipe it goes as it comes, and a cut one ends with an error. */
export async function exportSessions(context: Context, input: ExportInput): Promise<Answer> {
  const { out, after, bodies, withoutContent } = input
  if (out === undefined && context.io.tty.stdout) {
    throw new Fault('invalid', 'an export is a file', { fix: 'give --out <file>, or send it into a pipe' })
  }
  const client = await context.client()
  const query = {
    ...filterQuery(context, input, { since: 'started_after', until: 'started_before' }),
    ...reasonQuery(input),
    ...(after === undefined ? {} : { after_session_id: after }),
    bodies: bodies ? ('true' as const) : ('false' as const),
    content: withoutContent ? ('false' as const) : ('true' as const),
  }
  const { body } = await client.download(endpoints.exportSessions, { query, signal: context.io.signal })
  const checked = new SessionFile()
  if (out === undefined) return raw(whole(checked, body))
  const file = resolve(context.io.cwd, out)
  await saveTo(file, whole(checked, body))
  return one({ ...checked.manifest(), file }, columns, (row) => row.file)
}

async function* whole(checked: SessionFile, body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* checked.through(chunks(body))
  checked.manifest()
}

/** Asks nobody: what the file says of itself is computed again here. */
export async function verifySessions(context: Context, input: { readonly file: string }): Promise<Answer> {
  const file = resolve(context.io.cwd, input.file)
  const checked = new SessionFile()
  const stream = createReadStream(file)
  try {
    for await (const _ of checked.through(stream)) continue
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('invalid', `cannot read ${file}: ${toError(thrown).message}`, { cause: thrown })
  } finally {
    stream.destroy()
  }
  context.note('whole and unchanged since it was written; the audit log has the same hash, of the server that wrote it')
  return one({ ...checked.manifest(), file }, columns, (row) => row.file)
}

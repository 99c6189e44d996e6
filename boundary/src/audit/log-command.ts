import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault, isUuid, toError } from '@reeve/base'
import { pause, type Timers } from '../timers.ts'
import type { BoundaryEvent } from './event.ts'
import { parseEvent } from './line.ts'
import { isDone, sessionIds } from './session-directory.ts'
import { SpoolReader } from './spool-reader.ts'
import { verifyRecord } from './verify.ts'

export const logUsage = `Usage: boundary log [--session <id>] [--follow] [--denied] [--json]
       boundary log verify [<session or file>] [--json]

Shows what boundaries of this user decided, as their records on this machine have it: of the last session, or of the one
that is named. "verify" says whether a record is whole: every line there, in order, and as it was written.
`

export interface LogIo {
  readonly write: (text: string) => void
  readonly complain: (text: string) => void
  readonly timers: Timers
  readonly signal: AbortSignal
}

/** `boundary log …`; resolves with the exit code: 1 for a record that is not whole, 2 for words that mean nothing. */
export async function logCommand(argv: readonly string[], state: string, io: LogIo): Promise<number> {
  try {
    return await act(argv, state, io)
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    io.complain(`boundary log: ${thrown.message}${thrown.fix === undefined ? '' : `\n  ${thrown.fix}`}\n`)
    return 2
  }
}

async function act(argv: readonly string[], state: string, io: LogIo): Promise<number> {
  const { values, positionals } = readWords(argv)
  if (values.help === true) {
    io.write(logUsage)
    return 0
  }
  const [verb, named, ...more] = positionals
  if ((verb !== undefined && verb !== 'verify') || more.length > 0) {
    throw new Fault('invalid', `"${more[0] ?? verb}" is not expected here`, { fix: 'boundary log --help' })
  }
  const which = named ?? values.session ?? sessionIds(state).at(-1)
  if (which === undefined) {
    io.write('There are no records on this machine.\n')
    return 0
  }
  const path = recordPath(which, state)
  if (verb === 'verify') return verify(path, values.json === true, io)
  await show(path, values, io)
  return 0
}

function readWords(argv: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const options = { session: { type: 'string' }, follow: flag, denied: flag, json: flag, help: flag } as const
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (thrown) {
    throw new Fault('invalid', toError(thrown).message, { fix: 'boundary log --help' })
  }
}

/** An id, the beginning of one that only one session has, or a path. */
function recordPath(text: string, state: string): string {
  if (isUuid(text)) return join(state, text)
  if (text.includes('/') || text.endsWith('.ndjson')) return text
  const found = sessionIds(state).filter((id) => id.startsWith(text))
  if (found.length === 1) return join(state, found[0]!)
  throw new Fault(
    'not_found',
    found.length === 0 ? `no session here begins with ${text}` : `${text} begins more than one`,
  )
}

async function show(path: string, values: ReturnType<typeof readWords>['values'], io: LogIo): Promise<void> {
  const reader = new SpoolReader(path)
  try {
    while (!io.signal.aborted) {
      const lines = openedOr(reader, path)
      for (const { bytes } of lines) {
        const event = parseEvent(bytes)
        if (event === null || (values.denied === true && event.decision === 'allow' && event.would === 'allow'))
          continue
        io.write(values.json === true ? `${bytes.toString()}\n` : `${humanLine(event)}\n`)
      }
      if (lines.length > 0) continue
      if (values.follow !== true || isDone(path)) return
      await pause(io.timers, 200, io.signal)
    }
  } finally {
    reader.close()
  }
}

function openedOr(reader: SpoolReader, path: string) {
  try {
    return reader.next({ lines: 500 })
  } catch (thrown) {
    throw new Fault('not_found', `there is no record in ${path}`, { cause: thrown })
  }
}

/** `10:00:00.123  DENIED   GET https://x.test/a   default · claude > curl (4312)   dny_…` */
export function humanLine(event: BoundaryEvent): string {
  const { net, dns, file, exec, process, facts } = event
  const verdict = event.decision === 'deny' ? 'DENIED ' : event.would === 'deny' ? 'OBSERVED' : 'allowed'
  const count = Number(facts?.['count'] ?? dns?.count ?? file?.count ?? 1)
  const what =
    net !== null
      ? `${net.method ?? net.protocol} ${net.url ?? `${net.host}:${net.port}`}`
      : dns !== null
        ? `look-up of ${dns.name} (${dns.type})`
        : exec !== null
          ? [exec.path, ...exec.argv.slice(1)].join(' ')
          : file !== null
            ? `${file.op} ${file.path}`
            : event.kind === 'call'
              ? `call of ${facts?.['call']}`
              : Object.entries(facts ?? {})
                  .map(([name, value]) => `${name}=${value}`)
                  .join(' ')
  const acted = net !== null || dns !== null || exec !== null || file !== null || event.kind === 'call'
  const who = process === null ? '' : ` · ${process.tree.join(' > ')} (${process.pid})`
  const times = count > 1 ? ` ×${count}` : ''
  const denied = event.decision === 'deny' || event.would === 'deny'
  const reason = denied && event.reason !== null && event.reason !== 'rule' ? ` (${event.reason})` : ''
  const why = acted ? `   ${event.rule}${reason}${who}` : ''
  return `${event.time.slice(11, 23)}  ${acted ? verdict.padEnd(8) : event.kind.padEnd(8)}  ${what}${times}${why}${event.denial === null ? '' : `   ${event.denial}`}`
}

function verify(path: string, json: boolean, io: LogIo): number {
  let found
  try {
    found = verifyRecord(path)
  } catch (thrown) {
    throw new Fault('not_found', `there is no record in ${path}`, { cause: thrown })
  }
  const { lines, first, last, head, ended, dropped, problems, session } = found
  if (json) io.write(`${JSON.stringify(found)}\n`)
  else {
    io.write(
      `session  ${session ?? '-'}\nlines    ${lines} (${first ?? '-'} to ${last ?? '-'})\nhead     ${head ?? '-'}\n`,
    )
    io.write(`end      ${ended ? 'written' : 'not written: it runs, or was killed'}\n`)
    if (dropped > 0) io.write(`dropped  ${dropped} allowed acts found no room\n`)
    io.write(problems.length === 0 ? 'whole    yes\n' : problems.map((problem) => `problem  ${problem}\n`).join(''))
  }
  return problems.length === 0 ? 0 : 1
}

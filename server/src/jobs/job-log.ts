import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, toError, type Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { appendLines, type NewLine, notifyJobs } from './queries.ts'

/** What a job says, for those who watch it and those who read it later. */
export interface JobLog {
  /** Without colours and control characters: what a template prints is shown in terminals. */
  line(line: NewLine): void
  /** At the end: resolves when all lines are kept, or given up. */
  flush(): Promise<void>
}

/** A job that says more is heard until here; what comes after is counted, not kept. */
export const logBytesMax = 1_048_576
const lineCharsMax = 16_384
/** The first line is written at once, and those of this time after it together: no transaction a line, and no long wait. */
const gatherMs = 100
const batchMax = 500

export function openJobLog(options: {
  readonly db: Database
  readonly jobId: Uuid
  readonly workerId: Uuid
  readonly log: Log
}): JobLog {
  const { db, jobId, workerId, log } = options
  const waiting: NewLine[] = []
  let bytes = 0
  let overflowed = false
  let writing: Promise<void> | null = null
  /** Aborted where the job is over, and nothing more is to be gathered. */
  const flushing = new AbortController()

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting.splice(0, batchMax)
      const size = lines.reduce((sum, { output }) => sum + Buffer.byteLength(output), 0)
      const tell = async (): Promise<boolean> =>
        db.transaction(async (tx) => {
          const isKept = await appendLines(tx, jobId, workerId, { lines, bytes: size, overflowed })
          if (isKept) await notifyJobs(tx, 'lines', jobId)
          return isKept
        })
      try {
        if (!(await tell())) waiting.length = 0
      } catch (thrown) {
        // The work goes on without its log rather than waiting for a database that may be away for long.
        log.warn({ err: toError(thrown), job: jobId, lines: lines.length }, 'lines of a job are lost')
      }
      if (waiting.length < batchMax) await sleep(gatherMs, null, { signal: flushing.signal }).catch(() => {})
    }
    writing = null
  }

  async function flush(): Promise<void> {
    flushing.abort()
    if (writing === null) return
    await writing
    await flush()
  }

  return {
    line(given) {
      if (overflowed) return
      const output = printable(given.output)
      bytes += Buffer.byteLength(output)
      overflowed = bytes > logBytesMax
      waiting.push(
        overflowed
          ? { ...given, level: 'warn', output: 'The log ends here: it is larger than 1 MiB.' }
          : { ...given, output },
      )
      writing ??= write()
    },
    flush,
  }
}

// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;]*m/g

function printable(text: string): string {
  const clean = text.replace(colours, '').replace(controls, '\uFFFD').toWellFormed()
  return clean.length <= lineCharsMax ? clean : `${clean.slice(0, lineCharsMax)} [cut]`
}

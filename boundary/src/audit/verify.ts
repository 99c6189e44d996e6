import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { parseEvent } from './line.ts'
import { SpoolReader } from './spool-reader.ts'

/** What can be said of a record by itself: whether its lines are all there, in order, and as they were written. */
export interface Verification {
  readonly lines: number
  readonly session: string | null
  readonly first: number | null
  readonly last: number | null
  /** Hash of the last line; the control plane was told the same at the end of the session. */
  readonly head: string | null
  /** It has the line that says how the session ended. */
  readonly ended: boolean
  readonly dropped: number
  readonly problems: readonly string[]
}

/** Of one file, or of a session's directory. */
export function verifyRecord(path: string): Verification {
  const isDirectory = statSync(path).isDirectory()
  const reader = isDirectory ? new SpoolReader(path) : new SpoolReader(dirname(path), { only: basename(path) })
  const problems: string[] = []
  let [lines, dropped] = [0, 0]
  let first: number | null = null
  let session: string | null = null
  let ended = false
  try {
    for (let found = reader.next({ lines: 500 }); found.length > 0; found = reader.next({ lines: 500 })) {
      for (const line of found) {
        const event = parseEvent(line.bytes)
        if (event === null) continue
        lines++
        first ??= line.seq
        session ??= event.session
        if (event.session !== session) problems.push(`line ${line.seq} is of another session`)
        ended ||= event.kind === 'end'
        if (event.kind === 'gap') dropped += Number(event.facts?.['dropped'] ?? 0)
      }
    }
  } finally {
    reader.close()
  }
  for (const name of reader.damaged) problems.push(`${name} does not go on as line ${reader.head.seq} left off`)
  if (lines === 0) problems.push('there is no line')
  if (first !== null && first > 0) problems.push(`the lines before ${first} are not here`)
  const last = lines === 0 ? null : reader.head.seq
  return { lines, session, first, last, head: reader.head.hash, ended, dropped, problems }
}

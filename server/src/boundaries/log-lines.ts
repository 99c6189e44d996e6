import type { Log } from '@reeve/base'
import { eventFields } from './event-fields.ts'
import { decidedKinds, type ReadLine } from './lines.ts'
import type { SessionRow } from './session-queries.ts'

/** A line of the server's log for each decision, each system call that is refused, and for each sign that a record was changed. */
export function logEvents(log: Log, session: SessionRow, lines: readonly ReadLine[]): void {
  for (const { line } of lines) {
    if (decidedKinds.includes(line.kind) || line.kind === 'tamper' || line.kind === 'call') {
      log.info(eventFields(session, line), 'boundary_request')
    }
  }
}

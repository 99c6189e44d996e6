import { shapes } from '../conversation.ts'
import { figuresOf, recordFigures } from '../database.ts'
import { atLeast, atMost, type Finding, type Target } from '../finding.ts'
import { caughtUp, type Rig } from '../rig.ts'

/**
 * Whether all this speed is of any use: every request as the provider got it and every answer as the client got it, by
 * SHA-256 and byte by byte, and one complete record for each. Runs on a rig whose provider states SHA-256 sums.
 */
export async function fidelity(rig: Rig): Promise<Finding> {
  const rows: string[][] = []
  const targets: Target[] = []
  const doubts: string[] = []
  for (const [size, answer, clients] of [
    ['1 KB', 'json', 16],
    ['200 KB', 'json', 8],
    ['200 KB', 'sse', 8],
    ['1 MB', 'json', 4],
  ] as const) {
    const before = await figuresOf(rig.reeve.server, recordFigures)
    const found = await rig.measure(rig.reeve, {
      shape: shapes[size],
      answer,
      clients,
      warmupMs: 0,
      measureMs: 120_000,
      perSecond: null,
      once: false,
      requests: 400,
    })
    await caughtUp(rig.reeve.server)
    const after = await figuresOf(rig.reeve.server, recordFigures)
    const records = after['ended']! - before['ended']!
    rows.push([size, answer, String(found.requests), String(found.wrongBodies), String(records)])
    targets.push(atMost(`${size}, ${answer}: bodies that differ`, found.wrongBodies, 0))
    targets.push(atLeast(`${size}, ${answer}: records per request`, records / found.requests, 1))
    targets.push(atMost(`${size}, ${answer}: records per request`, records / found.requests, 1))
    doubts.push(...found.failures)
  }
  return {
    question: 'Is every byte the same, and every request on record?',
    method:
      'The provider states the SHA-256 of the request that it got in its answer; the client compares it, and the answer byte by byte.',
    header: ['request', 'answer', 'requests', 'bodies that differ', 'records'],
    rows,
    targets,
    doubts,
  }
}

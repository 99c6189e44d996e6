import { type AgentApiMessage, taskSnapshotBytesMax } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { findSnapshot, updateTaskRow } from './queries.ts'

/**
 * The conversation of a task as it was last known, for whoever reads it while nobody is there to be asked. It is bounded:
 * of a long one the end is kept.
 */

const lastCharsMax = 500

/**
 * New messages after those before them that are known. Whoever says them may know only the last few: what is older stays
 * as it was.
 */
export function mergedSnapshot(known: readonly AgentApiMessage[], said: readonly AgentApiMessage[]): AgentApiMessage[] {
  const first = said.reduce((least, { id }) => Math.min(least, id), Infinity)
  const all = [...known.filter(({ id }) => id < first), ...said.toSorted((a, b) => a.id - b.id)]
  const kept: AgentApiMessage[] = []
  let bytes = 2
  for (const message of all.toReversed()) {
    const room = taskSnapshotBytesMax - bytes
    const fitting = fitted({ ...message, content: storable(message.content) }, room)
    if (fitting === null) break
    kept.push(fitting)
    bytes += sizeOf(fitting) + 1
    if (fitting.content.length < message.content.length) break
  }
  return kept.toReversed()
}

const sizeOf = (message: AgentApiMessage): number => Buffer.byteLength(JSON.stringify(message))

/** The end of one that is too long, where that is worth having. */
function fitted(message: AgentApiMessage, bytesMax: number): AgentApiMessage | null {
  if (sizeOf(message) <= bytesMax) return message
  const empty = sizeOf({ ...message, content: '' })
  // A character is six bytes at most, as JSON writes it.
  const chars = Math.floor((bytesMax - empty) / 6)
  return chars < 100 ? null : { ...message, content: message.content.slice(-chars).toWellFormed() }
}

export async function keepSnapshot(
  db: Executor,
  id: string,
  said: readonly AgentApiMessage[],
  at: Date,
): Promise<boolean> {
  const snapshot = mergedSnapshot(await findSnapshot(db, id), said)
  const last = snapshot.findLast(({ role }) => role === 'agent')?.content ?? null
  return updateTaskRow(db, id, {
    snapshot: JSON.stringify(snapshot),
    snapshot_at: at,
    last_message: last === null ? null : last.slice(0, lastCharsMax).toWellFormed(),
  })
}

/** As PostgreSQL can hold it: text of it has neither NUL nor half a surrogate pair. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

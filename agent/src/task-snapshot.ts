/** The last messages of a conversation, as much as a snapshot holds. */

const messagesMax = 100
const bytesMax = 60 * 1024

export interface SnapshotMessage {
  readonly id: number
  readonly role: 'user' | 'agent'
  readonly content: string
  readonly time: string
}

/** What is no message is left out; of one that is longer than all that fits, its beginning stays. */
export function tailOf(given: readonly unknown[]): SnapshotMessage[] {
  const kept: SnapshotMessage[] = []
  let left = bytesMax
  for (const message of given.flatMap(readMessage).slice(-messagesMax).toReversed()) {
    const bytes = sizeOf(message)
    if (bytes > left) {
      if (kept.length === 0) kept.push(shortened(message, left))
      break
    }
    left -= bytes
    kept.push(message)
  }
  return kept.toReversed()
}

const sizeOf = (message: SnapshotMessage): number => Buffer.byteLength(JSON.stringify(message)) + 1

function shortened(message: SnapshotMessage, bytes: number): SnapshotMessage {
  // As JSON a character takes up to six bytes.
  for (let chars = bytes; ; chars = Math.floor(chars / 2)) {
    const short = { ...message, content: message.content.slice(0, chars).toWellFormed() }
    if (sizeOf(short) <= bytes) return short
  }
}

function readMessage(value: unknown): SnapshotMessage[] {
  if (typeof value !== 'object' || value === null) return []
  // SAFETY: an object, whose members are looked at here.
  const { id, role, content, time } = value as Partial<Record<string, unknown>>
  const isMessage =
    typeof id === 'number' &&
    Number.isInteger(id) &&
    id >= 0 &&
    (role === 'user' || role === 'agent') &&
    typeof content === 'string'
  if (!isMessage) return []
  const at = new Date(typeof time === 'string' ? time : Number.NaN)
  if (Number.isNaN(at.getTime())) return []
  return [{ id, role, content: content.toWellFormed(), time: at.toISOString() }]
}

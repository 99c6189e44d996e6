import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'

/** How large a session's requests are, and how they grow. */
export interface Shape {
  readonly name: '1 KB' | '200 KB' | '1 MB'
  /** Messages before the first turn, and what each turn adds, in bytes. */
  readonly openingBytes: number
  readonly turnBytes: number
  readonly turns: number
  /** System blocks and tools; agents send them with every request. */
  readonly toolBytes: number
}

/**
 * The sizes are the mean of a session: an agent begins with 50 KB and grows until its window is full, so a session of
 * `200 KB` goes from 50 to 350.
 */
export const shapes = {
  '1 KB': { name: '1 KB', openingBytes: 500, turnBytes: 0, turns: 100, toolBytes: 300 },
  '200 KB': { name: '200 KB', openingBytes: 10_500, turnBytes: 3_000, turns: 100, toolBytes: 44_000 },
  '1 MB': { name: '1 MB', openingBytes: 10_500, turnBytes: 10_000, turns: 190, toolBytes: 44_000 },
} as const satisfies Record<string, Shape>

export interface RequestBody {
  /** In order; together they are the body. Valid until the next turn is asked for. */
  readonly pieces: readonly Buffer[]
  readonly bytes: number
  readonly crc: number
  /** The client's own id of the session, as it is in the body and belongs into its header. */
  readonly sessionId: string
}

/** What the scripted provider should answer: the model's name says it, because every gateway passes that on. */
export type AnswerKind = 'json' | 'sse' | 'paced' | 'hold' | 'long'

/** Stands where a session has its own ids; overwritten for each session with text of the same length. */
const idMark = 'IIIIIIIIII'
const uuidMark = 'UUUUUUUU-UUUU-4UUU-8UUU-UUUUUUUUUUUU'

/**
 * A coding agent's sessions as Claude Code 2.1 puts them on the wire: `messages` before `system` and `tools`, the
 * history sent again with each turn, the cache marker on the last message only, so that two turns share a long beginning
 * that ends at the marker, and a long end. After its last turn a session is over and the next request begins another
 * one, with ids of its own in every message.
 */
export function conversation(shape: Shape, answer: AnswerKind, seed: number): (turn: number) => RequestBody {
  const random = randomFrom(seed)
  const text = (bytes: number): string => {
    const from = Math.floor(random() * (sourceText.length - bytes))
    return sourceText.slice(from, from + bytes)
  }
  const { history, ends } = historyOf(shape, answer, text)
  const rest = restOf(shape, answer, text)
  const marks = [...marksIn(history, idMark)]
  const uuidAt = rest.indexOf(uuidMark)
  let sessionId = ''
  let session = -1
  let crcTurn = -1
  let crcSoFar = 0

  return (turn) => {
    const at = turn % ends.length
    const began = Math.floor(turn / shape.turns) !== session
    // Requests that do not grow differ all the same: nobody sends the same prompt again and again.
    if (began || shape.turnBytes === 0) {
      session = Math.floor(turn / shape.turns)
      const unique = (seed * 5_003 + (shape.turnBytes === 0 ? turn : session))
        .toString(36)
        .padStart(idMark.length - 3, '0')
      marks.forEach((mark, index) => history.write(unique + (index % 1000).toString().padStart(3, '0'), mark, 'latin1'))
      sessionId = uuidOf(seed, session)
      rest.write(sessionId, uuidAt, 'latin1')
      crcTurn = -1
    }
    const past = history.subarray(0, ends[at]!)
    // The provider's checksum of a megabyte need not be made anew for each turn: go on from the turn before.
    crcSoFar =
      crcTurn === -1 || at < crcTurn ? crc32(past) : crc32(history.subarray(ends[crcTurn]!, ends[at]!), crcSoFar)
    crcTurn = at
    return { pieces: [past, rest], bytes: past.length + rest.length, crc: crc32(rest, crcSoFar), sessionId }
  }
}

/** Each message up to where the marker goes while it is the last one, preceded by the end of the one before. */
function historyOf(
  shape: Shape,
  answer: AnswerKind,
  text: (bytes: number) => string,
): { history: Buffer; ends: number[] } {
  const opening = quote(`${idMark} ${text(shape.openingBytes)}`)
  const parts = [
    Buffer.from(
      `{"model":"claude-bench-${answer}","messages":[{"role":"user","content":[{"type":"text","text":${opening}`,
    ),
  ]
  for (let turn = 1; turn < shape.turns && shape.turnBytes > 0; turn++) {
    const tool = `toolu_${idMark}`
    const thinking = `{"type":"thinking","thinking":${quote(text(300))},"signature":"${idMark}"}`
    const input = JSON.stringify({ command: text(120), description: text(40) })
    const call = `{"role":"assistant","content":[${thinking},{"type":"tool_use","id":"${tool}","name":"Bash","input":${input}}]}`
    const result = quote(text(shape.turnBytes - call.length - 150))
    const answered = `{"role":"user","content":[{"tool_use_id":"${tool}","type":"tool_result","content":${result}`
    parts.push(Buffer.from(`}]},${call},${answered}`))
  }
  let end = 0
  return { history: Buffer.concat(parts), ends: parts.map((part) => (end += part.length)) }
}

/** What follows the history: the marker, the system blocks, the tools and the settings. */
function restOf(shape: Shape, answer: AnswerKind, text: (bytes: number) => string): Buffer {
  const system = quote(text(Math.floor(shape.toolBytes / 5)))
  const userId = quote(JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: uuidMark }))
  return Buffer.from(
    `,"cache_control":{"type":"ephemeral"}}]}],"system":[{"type":"text","text":${system}}],"tools":${toolsOf(shape, text)},` +
      `"metadata":{"user_id":${userId}},"max_tokens":64000,"stream":${answer !== 'json'}}`,
  )
}

function* marksIn(bytes: Buffer, mark: string): Generator<number> {
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) yield at
}

function uuidOf(seed: number, session: number): string {
  const tail = session.toString(16).padStart(12, '0')
  return `${seed.toString(16).padStart(8, '0')}-0000-4000-8000-${tail}`
}

function toolsOf(shape: Shape, text: (bytes: number) => string): string {
  const count = shape.toolBytes < 1_000 ? 0 : 12
  const bytes = count === 0 ? 0 : Math.floor((shape.toolBytes * 4) / 5 / count) - 150
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `Tool${index}`,
    description: text(Math.floor(bytes * 0.8)),
    input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
  }))
  return JSON.stringify(tools)
}

const quote = (text: string): string => JSON.stringify(text)

/** Real source text with comments and escapes, the same for everybody who installs from the lock file. */
const sourceText = ((): string => {
  const folder = resolve(import.meta.dirname, '../node_modules/@types/node')
  const names = readdirSync(folder).filter((name) => name.endsWith('.d.ts'))
  return names
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
})()

/** Numbers that look random and are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

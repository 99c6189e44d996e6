import type { EndFacts, Recorder, StartFacts } from '../recorder.ts'
import { counter } from './counter.ts'

/** For tests: what became of one interception, and whether the bridge kept to the order of the calls. */
export interface MemoryRecord {
  readonly start: StartFacts
  readonly answer: Buffer
  readonly end: EndFacts | null
  readonly trailer: Buffer
}

export interface MemoryRecorder extends Recorder {
  readonly records: readonly MemoryRecord[]
  /** Calls that came in an order that a recorder need not put up with. Must stay empty. */
  readonly violations: readonly string[]
  /** Called before a step becomes durable; may wait, or throw to make it fail. */
  before: (step: 'begin' | 'end' | 'trailer', record: MemoryRecord | null) => Promise<void> | void
  /** Resolves when so many records have ended. */
  ended(count: number): Promise<void>
}

export function memoryRecorder(): MemoryRecorder {
  const records: { start: StartFacts; readonly answer: Buffer; end: EndFacts | null; trailer: Buffer }[] = []
  const violations: string[] = []
  const ended = counter()
  const recorder: MemoryRecorder = {
    records,
    violations,
    before: () => {},
    ended: ended.reached,
    async begin(start) {
      await recorder.before('begin', null)
      if (records.some((record) => record.start.id === start.id)) violations.push('begun twice')
      const answer: Buffer[] = []
      const record = {
        start,
        get answer() {
          return Buffer.concat(answer)
        },
        // SAFETY: the type of the record's field, which a literal null would narrow.
        end: null as EndFacts | null,
        trailer: Buffer.alloc(0),
      }
      records.push(record)
      let ends = 0
      return {
        response(bytes) {
          if (ends > 0) violations.push('answer bytes after the end')
          answer.push(Buffer.from(bytes))
        },
        async end(end) {
          if (++ends > 1) violations.push('ended twice')
          await recorder.before('end', record)
          record.end = end
          ended.add()
        },
        async trailer(bytes) {
          if (record.end === null) violations.push('a trailer before the end')
          await recorder.before('trailer', record)
          record.trailer = Buffer.concat([record.trailer, bytes])
        },
      }
    },
  }
  return recorder
}

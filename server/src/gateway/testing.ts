import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'node:crypto'
import { type Clock, type Log, recordingLog, systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { EndFacts, Masker, RecordedBody, Recorder, StartFacts } from '@reeve/bridge'
import type { Capture } from '@reeve/sdk'
import type { Database } from '../db/database.ts'
import { type Journal, openJournal } from '../journal/journal.ts'
import { DrainLoop, type DrainOptions } from './drain/loop.ts'
import type { FromDrain } from './drain/messages.ts'
import { createRecorder } from './record/recorder.ts'

/** For tests: a journal in a directory of its own, a recorder on it, and the drain in this thread. */
export interface TestRecord extends AsyncDisposable {
  readonly dir: string
  readonly journal: Journal
  readonly recorder: Recorder & Disposable
  readonly told: readonly FromDrain[]
  readonly lines: ReturnType<typeof recordingLog>['lines']
  /** Drains everything that is durable now. */
  drain(): Promise<void>
}

export interface TestRecordOptions {
  readonly db: Database
  readonly capture?: Capture
  readonly structuredLogging?: boolean
  readonly segmentBytes?: number
  readonly clock?: Clock
  readonly masker?: Masker | null
  readonly onEnds?: DrainOptions['onEnds']
}

export async function testRecord(options: TestRecordOptions): Promise<TestRecord> {
  const { db, capture = 'full', structuredLogging = false, segmentBytes = 1024 * 1024 } = options
  const { clock = systemClock, masker = null, onEnds } = options
  const dir = await mkdtemp(join(tmpdir(), 'reeve-record-'))
  const log: Log & { lines: ReturnType<typeof recordingLog>['lines'] } = recordingLog()
  const journal = await openJournal({ dir, clock, log, segmentBytes, reserveBytes: 4096 })
  const recorder = createRecorder({ journal, capture, masker, watch: { durable() {}, amend: (_, end) => end } })
  const told: FromDrain[] = []
  let arrived: () => void = () => {}
  const start = () => {
    const loop = new DrainLoop({
      journalDir: dir,
      replicaId: journal.replicaId,
      connection: db.connection,
      structuredLogging,
      clock,
      log,
      tell: (message) => {
        told.push(message)
        arrived()
      },
      ...(onEnds !== undefined && { onEnds }),
    })
    return { loop, running: loop.run() }
  }
  const { loop, running } = start()
  const drainedSeq = () => told.reduce((seq, message) => (message.kind === 'drained' ? message.to.seq : seq), 0)
  return {
    dir,
    journal,
    recorder,
    told,
    lines: log.lines,
    async drain() {
      const target = journal.durable()
      loop.advance({ ...target })
      while (drainedSeq() < target.seq) await new Promise<void>((resolve) => (arrived = resolve))
    },
    async [Symbol.asyncDispose]() {
      loop.stop()
      await running
      recorder[Symbol.dispose]()
      await journal[Symbol.asyncDispose]()
      await rm(dir, { recursive: true })
    },
  }
}

export interface Ids {
  readonly userId: Uuid
  readonly organizationId: Uuid
}

export const someone = (): Ids => ({ userId: uuidv7(systemClock.now()), organizationId: uuidv7(systemClock.now()) })

export function startFacts(who: Ids, body: Uint8Array, given: Partial<StartFacts> = {}): StartFacts {
  return {
    id: uuidv7(systemClock.now()),
    actor: { ...who, apiKeyId: 'key' },
    startedAt: systemClock.now(),
    provider: 'anthropic',
    providerName: 'anthropic',
    route: 'messages',
    model: 'm-1',
    streaming: true,
    credentialKind: 'centralized',
    credentialHint: 'sk...x',
    sourceIp: '127.0.0.1',
    trace: null,
    client: 'Claude Code',
    clientVersion: '2.1',
    userAgent: 'claude-cli/2.1',
    clientSessionId: 'conversation-1',
    agentId: null,
    parentAgentId: null,
    body: recordedBody(body),
    sent: null,
    ...given,
  }
}

/** A body without secrets. */
export function recordedBody(bytes: Uint8Array, base: RecordedBody['base'] = null): RecordedBody {
  const sha256 = hash('sha256', bytes, 'buffer')
  return { bytes, sha256, keptSha256: sha256, masked: 0, fingerprints: [], base }
}

export function endFacts(given: Partial<EndFacts> = {}): EndFacts {
  return {
    endedAt: systemClock.now(),
    outcome: 'ok',
    statusCode: 200,
    errorType: null,
    errorMessage: null,
    providerRequestId: 'req_1',
    contentType: 'text/event-stream',
    attempts: [],
    decisions: [],
    durationMs: 12.5,
    firstByteMs: 3.25,
    gatewayMs: 0.5,
    ...given,
  }
}

/** Records one interception from beginning to end. */
export async function record(
  recorder: Recorder,
  start: StartFacts,
  answer: Uint8Array,
  end: Partial<EndFacts> = {},
): Promise<Uuid> {
  const recording = await recorder.begin(start)
  recording.response(answer)
  await recording.end(endFacts(end))
  return start.id
}

export const bodyOf = (messages: readonly unknown[], more: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ model: 'm-1', max_tokens: 64, messages, tools: [{ name: 'Bash' }], ...more }))

export interface Said {
  readonly thinking?: string
  readonly text?: string
  readonly call?: { readonly id: string; readonly name: string; readonly input: unknown }
  readonly tokens?: { readonly input: number; readonly output: number }
}

/** A streamed answer in the Messages format. */
export function streamOf({ thinking, text, call, tokens = { input: 10, output: 7 } }: Said): Buffer {
  const events: [string, object][] = [
    [
      'message_start',
      {
        message: {
          id: 'msg_1',
          model: 'm-1-20260101',
          usage: {
            input_tokens: tokens.input,
            output_tokens: 1,
            cache_read_input_tokens: 3,
            cache_creation_input_tokens: 2,
          },
        },
      },
    ],
  ]
  const block = (index: number, start: object, delta: object) =>
    events.push(
      ['content_block_start', { index, content_block: start }],
      ['content_block_delta', { index, delta }],
      ['content_block_stop', { index }],
    )
  if (thinking !== undefined) block(0, { type: 'thinking', thinking: '' }, { type: 'thinking_delta', thinking })
  if (text !== undefined) block(1, { type: 'text', text: '' }, { type: 'text_delta', text })
  if (call !== undefined) {
    block(
      2,
      { type: 'tool_use', id: call.id, name: call.name, input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify(call.input) },
    )
  }
  events.push(
    [
      'message_delta',
      { delta: { stop_reason: call === undefined ? 'end_turn' : 'tool_use' }, usage: { output_tokens: tokens.output } },
    ],
    ['message_stop', {}],
  )
  return Buffer.from(
    events.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`).join(''),
  )
}

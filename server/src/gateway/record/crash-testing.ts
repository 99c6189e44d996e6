import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { silentLog, systemClock } from '@reeve/base'
import type { Connection } from '../../db/connection.ts'
import { openJournal } from '../../journal/journal.ts'
import { DrainLoop } from '../drain/loop.ts'
import { bodyOf, endFacts, startFacts, streamOf } from '../testing.ts'
import { createRecorder } from './recorder.ts'
import { endInterrupted } from './recover.ts'

/**
 * For `crash.test.ts`: a server's life as far as the record is concerned, ended by SIGKILL at a named point. Says on
 * stdout what it has promised to whom: `begun <id>` is when the provider may be asked, `ended <id>` is when the client
 * may hold the whole answer.
 */
interface Task {
  readonly dir: string
  readonly connection: Connection
  readonly userId: string
  readonly point: string
}

// SAFETY: the test hands over exactly this.
const task = JSON.parse(process.argv[2] ?? '') as Task
const die = (point: string): void => {
  if (task.point === point) process.kill(process.pid, 'SIGKILL')
}
const say = (line: string): void => void writeSync(1, `${line}\n`)

const journal = await openJournal({
  dir: task.dir,
  clock: systemClock,
  log: silentLog,
  segmentBytes: 256 * 1024,
  reserveBytes: 4096,
})
die('opened')
await endInterrupted(journal, { clock: systemClock, log: silentLog })
die('recovered')

const arrived = new Set<() => void>()
let drainedSeq = 0
const loop = new DrainLoop({
  journalDir: task.dir,
  replicaId: journal.replicaId,
  connection: task.connection,
  structuredLogging: false,
  clock: systemClock,
  log: silentLog,
  tell(message) {
    if (message.kind !== 'drained') return
    drainedSeq = message.to.seq
    if (message.batch.starts > 0) die('committed')
    for (const look of arrived) look()
  },
})
const running = loop.run()
if (task.point === 'draining') setTimeout(() => die('draining'), 60 + Math.random() * 60)

const who = { userId: task.userId, organizationId: task.userId }
const recorder = createRecorder({
  journal,
  capture: 'full',
  masker: null,
  watch: { durable: () => loop.advance({ ...journal.durable() }), amend: (_, end) => end },
})
/** Until part of this answer is in a segment: a kill any sooner may leave none of it, as it should. */
async function begunToArrive(part: Uint8Array): Promise<void> {
  const isThere = (name: string) => readFileSync(join(task.dir, name)).includes(part)
  while (
    !readdirSync(task.dir)
      .filter((name) => name.endsWith('.wal'))
      .some(isThere)
  )
    await wait(5)
}

for (let i = 0; i < 6; i++) {
  const at = (point: string): void => void (i === 5 && die(point))
  const start = startFacts(who, bodyOf([{ role: 'user', content: `prompt ${i}` }]))
  const begun = recorder.begin(start)
  at('beginning')
  const recording = await begun
  say(`begun ${start.id}`)
  at('begun')
  const answer = streamOf({ text: `${i}`.repeat(100_000) })
  recording.response(answer.subarray(0, 80_000))
  if (i === 5 && task.point === 'answering') await begunToArrive(answer.subarray(1_000, 2_000))
  at('answering')
  recording.response(answer.subarray(80_000))
  const ended = recording.end(endFacts())
  at('ending')
  await ended
  say(`ended ${start.id}`)
  at('ended')
}
const target = journal.durable().seq
loop.advance({ ...journal.durable() })
await new Promise<void>((resolve) => {
  const look = (): void => void (drainedSeq >= target && resolve())
  arrived.add(look)
  look()
})
loop.stop()
await running
recorder[Symbol.dispose]()
await journal[Symbol.asyncDispose]()

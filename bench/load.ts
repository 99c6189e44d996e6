import { connect } from 'node:net'
import { answers, checksumLength, momentLength, momentMicros } from './answers.ts'
import { type AnswerKind, conversation, type Shape } from './conversation.ts'
import { createHash } from 'node:crypto'
import { responseReader } from './response-reader.ts'

/**
 * The load generator, a process of its own: many clients, each with a connection and a session of its own, each
 * comparing every byte of every answer with what the provider sent. Takes a `Load` over IPC and answers with a `Tally`.
 */
export interface Load {
  readonly port: number
  /** In front of `/v1/messages`. */
  readonly prefix: string
  readonly token: string
  /** Lines that this gateway wants beside it, each with its line end. */
  readonly moreHeaders: string
  readonly shape: Shape
  readonly answer: AnswerKind
  readonly clients: number
  readonly warmupMs: number
  readonly measureMs: number
  /** Requests per second in all, sent at their time whatever the answers do; null asks again after each answer. */
  readonly perSecond: number | null
  /** The clients begin one after another over this time; with 0 all at one instant, and answers of one length keep them in step. */
  readonly beginOverMs?: number
  /** Each client asks once and the load is over when all have been answered. */
  readonly once: boolean
  /** Ends the load after this many requests, with all of them answered. */
  readonly requests?: number
  /** The provider states SHA-256 sums instead of CRC-32. */
  readonly sha256: boolean
  /** Makes the ids of this load differ from those of every other. */
  readonly seed: number
}

export interface Tally {
  readonly requests: number
  readonly seconds: number
  readonly events: number
  readonly sentBytes: number
  readonly wrongBodies: number
  readonly failures: readonly string[]
  readonly latencyMs: readonly number[]
  readonly firstByteMs: readonly number[]
  readonly eventDelayMs: readonly number[]
  /** Share of this core that the load generator used: near 1 it is itself what is measured. */
  readonly busy: number
}

async function run(load: Load): Promise<Tally> {
  const template = answers[load.answer]
  const expected = Buffer.from(template.all)
  const hasMoments = template.momentAt.some((at) => at !== null)
  const latencyMs: number[] = []
  const firstByteMs: number[] = []
  const eventDelayMs: number[] = []
  const failures: string[] = []
  let requests = 0
  let events = 0
  let sentBytes = 0
  let wrongBodies = 0
  let measuring = load.warmupMs === 0
  let stopped = false
  let open = 0
  let asked = 0
  let allDone = (): void => {}
  const idle: Client[] = []
  const due: number[] = []

  interface Client {
    ask(dueAt: number): void
    destroy(): void
  }

  function client(index: number): Client {
    const bodies = conversation(load.shape, load.answer, load.seed * 5_000 + index)
    // Clients are at different turns of their sessions, so that the mean size holds at every moment.
    let turn = Math.floor((index / load.clients) * load.shape.turns)
    let checksum = ''
    let beganAt = 0
    let counted = false
    let at = 0
    let wrong = false
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    const fail = (what: string): void => {
      if (!stopped && failures.length < 20) failures.push(what)
      if (stopped || load.once) return
      socket.destroy()
    }
    const reader = responseReader({
      status: (status) => {
        if (status !== 200) fail(`status ${status}`)
      },
      body: (bytes) => {
        if (at === 0 && counted) firstByteMs.push(performance.now() - beganAt)
        wrong ||= !isAsSent(at, bytes)
        wrong ||= !checksumMatches(bytes, at, checksum)
        if (hasMoments) readMoments(bytes)
        at += bytes.length
      },
      end: () => {
        if (at !== expected.length || wrong) wrongBodies++
        if (counted) {
          requests++
          latencyMs.push(performance.now() - beganAt)
        }
        open--
        if (load.once || asked >= (load.requests ?? Infinity)) {
          if (open === 0) allDone()
        } else if (load.perSecond === null) {
          if (!stopped) ask(performance.now())
          else if (open === 0) allDone()
        } else {
          const waiting = due.shift()
          if (waiting === undefined) idle.push(self)
          else ask(waiting)
          if (stopped && open === 0) allDone()
        }
      },
    })
    let held = ''
    const readMoments = (bytes: Buffer): void => {
      const now = momentMicros()
      const text = held + bytes.toString('latin1')
      let end = 0
      for (const found of text.matchAll(/"text":"(\d{16}) /g)) {
        events++
        eventDelayMs.push((now - Number(found[1])) / 1000)
        end = found.index + found[0].length
      }
      held = text.slice(Math.max(end, text.length - 40))
    }
    socket.on('data', reader)
    socket.on('error', (fault) => fail(fault.message))
    socket.on('close', () => fail('the connection was closed'))

    function ask(dueAt: number): void {
      const { pieces, bytes, crc, sessionId } = bodies(turn++)
      checksum = load.sha256 ? sha256(pieces) : crc.toString(16).padStart(checksumLength, '0')
      at = 0
      wrong = false
      beganAt = dueAt
      counted = measuring
      open++
      asked++
      if (counted) sentBytes += bytes
      socket.cork()
      socket.write(
        `POST ${load.prefix}/v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1:${load.port}\r\nAccept: application/json\r\n` +
          `Content-Type: application/json\r\nx-api-key: ${load.token}\r\nUser-Agent: claude-cli/2.1.329 (external, sdk-cli)\r\n` +
          `X-Claude-Code-Session-Id: ${sessionId}\r\nanthropic-version: 2023-06-01\r\nanthropic-beta: claude-code-20250219\r\n` +
          `x-app: cli\r\n${load.moreHeaders}Content-Length: ${bytes}\r\n\r\n`,
      )
      for (const piece of pieces) socket.write(piece)
      socket.uncork()
    }
    const self: Client = { ask, destroy: () => socket.destroy() }
    return self
  }

  /** Whether a piece of the answer is what the provider sent, but for the places that differ in each answer. */
  function isAsSent(from: number, bytes: Buffer): boolean {
    const to = from + bytes.length
    if (to > expected.length) return false
    const same = (start: number, end: number): boolean =>
      end <= start || bytes.compare(expected, start, end, start - from, end - from) === 0
    let done = from
    for (const place of template.places) {
      if (place.to <= done) continue
      if (place.from >= to) break
      if (!same(done, place.from)) return false
      done = Math.min(place.to, to)
    }
    return same(done, to)
  }

  function checksumMatches(bytes: Buffer, from: number, checksum: string): boolean {
    if (from > template.checksumAt) return true
    const start = template.checksumAt - from
    if (start + checksumLength > bytes.length) return true
    return bytes.toString('latin1', start, start + checksumLength) === checksum
  }

  const clients = Array.from({ length: load.clients }, (_, index) => client(index))
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let measuredFrom = startedAt
  let cpuFrom = cpuBefore
  const done = new Promise<void>((resolve) => {
    allDone = resolve
  })

  const { beginOverMs = 0 } = load
  if (load.perSecond === null) {
    for (const [index, each] of clients.entries()) {
      if (beginOverMs === 0) each.ask(performance.now())
      else setTimeout(() => each.ask(performance.now()), (index / load.clients) * beginOverMs)
      // A thousand connections at one instant measure the backlog and nothing else.
      if (load.once && load.clients > 100) await pause(1)
    }
  } else {
    idle.push(...clients)
  }
  const ticker = load.perSecond === null ? null : openLoop(load.perSecond)
  const untilDone = load.once || load.requests !== undefined
  if (!untilDone) {
    await pause(load.warmupMs)
    measuring = true
    process.send?.({ measuring: true })
    measuredFrom = performance.now()
    cpuFrom = process.cpuUsage()
    await pause(load.measureMs)
    measuring = false
  } else {
    await Promise.race([done, pause(load.measureMs)])
  }
  const seconds = (performance.now() - measuredFrom) / 1000
  const cpu = process.cpuUsage(cpuFrom)
  process.send?.({ measured: true })
  stopped = true
  if (ticker !== null) clearInterval(ticker)
  if (open > 0 && !untilDone) await Promise.race([done, pause(5_000)])
  for (const each of clients) each.destroy()
  const busy = (cpu.user + cpu.system) / 1e6 / seconds
  return { requests, seconds, events, sentBytes, wrongBodies, failures, latencyMs, firstByteMs, eventDelayMs, busy }

  function openLoop(perSecond: number): NodeJS.Timeout {
    let sent = 0
    const from = performance.now()
    return setInterval(() => {
      const now = performance.now()
      while (from + (sent * 1000) / perSecond <= now) {
        sent++
        const free = idle.shift()
        if (free === undefined) due.push(now)
        else free.ask(now)
      }
    }, 1)
  }
}

function sha256(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

if (momentLength !== 16) throw new Error('moments are matched as 16 digits')
process.on('message', (load: Load) => {
  void run(load).then((tally) => process.send?.({ tally }))
})
process.on('disconnect', () => process.exit(0))

import { type Clock, Fault, type Log, sseParser } from '@reeve/base'
import { heartbeatMs, markDone, type SessionDirectory, type SessionRecord } from '../audit/session-directory.ts'
import { nothing, type SessionRecorder } from '../audit/recorder.ts'
import type { Spool } from '../audit/spool.ts'
import { SpoolReader } from '../audit/spool-reader.ts'
import { pause, type Timers } from '../timers.ts'
import {
  type Bundle,
  field,
  type Inject,
  parseJson,
  readRegistration,
  readSignedBundle,
  type SignedBundle,
  text,
} from './answers.ts'
import { type ControlApprovals, createControlApprovals } from './approvals.ts'
import { createBackoff } from './backoff.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { type ControlHttp, failed, type Outcome } from './http.ts'
import { finishLeftovers, register, sendEnd } from './leftovers.ts'
import type { Trust } from './trust.ts'

/**
 * The life of a boundary's tie to its control plane:
 *
 *     register ──ok──► registered: bundle in force, stream and pull keep it fresh, lines are delivered
 *        │ refused (token, rights, a key that is not known): nothing may run
 *        ▼ cannot be reached
 *     offline: the last signed bundle, while it counts; else nothing may run. Registering is tried again until it
 *     succeeds, and then all is as above.
 *
 * A bundle that is not signed by a known key, or older than the last, is refused and recorded; what was in force stays.
 */
export interface Control {
  readonly registered: boolean
  readonly injects: readonly Inject[]
  readonly delivery: Delivery
  readonly approvals: ControlApprovals
  /** Delivers what is left, within that time. How many lines the control plane does not have. */
  end(how: { exitCode: number | null; signalName: string | null; waitMs: number }): Promise<{ unsent: number }>
}

export interface ControlOptions {
  readonly http: ControlHttp
  readonly trust: Trust
  readonly state: string
  readonly directory: SessionDirectory
  readonly recorder: SessionRecorder
  readonly spool: Spool
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  /** A bundle is to be in force from now on. Throws where its layers cannot be read; then the one before stays. */
  readonly onBundle: (bundle: Bundle) => void
  /** An administrator ends the session. */
  readonly onStop: () => void
}

const pullMs = 30_000
/** A command that may start with the last signed policy waits no longer for a control plane that says nothing. */
const startMsMax = 5_000
/** Without one nothing may run: a control plane that is slow gets the time for it. */
const firstStartMsMax = 15_000
/** Nor at its end for one that was silent before. */
const silentEndMsMax = 1_000

export async function connectControl(options: ControlOptions): Promise<Control> {
  const control = new ControlTie(options)
  await control.start()
  return control
}

class ControlTie implements Control {
  readonly #with: ControlOptions
  readonly #record: SessionRecord
  readonly #stop = new AbortController()
  readonly delivery: Delivery
  readonly approvals: ControlApprovals
  #running: Promise<void>[] = []
  #version = -1
  #pull = () => {}
  #said = ''
  #ended = false
  registered = false
  injects: readonly Inject[] = []

  constructor(options: ControlOptions) {
    this.#with = options
    this.#record = options.directory.record
    const { http, directory, spool, timers, random, log } = options
    this.delivery = createDelivery({
      session: directory.record.id,
      http,
      openReader: () => new SpoolReader(directory.path),
      durable: () => spool.durable,
      timers,
      random,
      log,
      register: (signal) => this.#register(signal),
      onAcknowledged: (seq) => spool.letGo(seq),
    })
    this.approvals = createControlApprovals({ http, delivery: this.delivery, recorder: options.recorder, timers })
    spool.onDurable(() => this.delivery.wake())
  }

  async start(): Promise<void> {
    const late = new AbortController()
    const { trust, clock, timers } = this.#with
    const waitMs = trust.last(clock.now()) === null ? firstStartMsMax : startMsMax
    const cancel = timers.after(waitMs, () => late.abort(new Error('it did not answer in time')))
    const outcome = await this.#register(late.signal)
    cancel()
    if (!outcome.ok) this.#startOffline(outcome)
    this.#running = [this.#keepFresh(), this.#listen(), this.#deliver(), this.#beat()]
  }

  #startOffline(outcome: Outcome & { ok: false }): void {
    const { trust, clock, onBundle } = this.#with
    if (!passing.has(outcome.code)) throw failed(outcome, fixes[outcome.code])
    const bundle = trust.last(clock.now())
    if (bundle === null) {
      throw new Fault('unavailable', `${outcome.message}; no signed policy that still counts is known here`, {
        fix: 'start it again when the control plane answers',
      })
    }
    this.#version = bundle.version
    onBundle(bundle)
    this.#note({
      ...nothing,
      kind: 'policy',
      facts: { version: bundle.version, source: 'last', failure: outcome.message },
    })
  }

  async #register(signal: AbortSignal): Promise<Outcome> {
    const outcome = await register(this.#with.http, this.#record, signal)
    if (!outcome.ok) return outcome
    const found = readRegistration(outcome.value)
    if (found === null) return unreadable
    this.#with.trust.learn(found.keys)
    const refused = this.#open(found.bundle)
    // A start must not run under what it cannot trust; later, what was in force stays, and the record is delivered.
    if (refused !== null && this.#version === -1)
      return { ok: false, code: 'forbidden', message: refused, retryAfterMs: null }
    this.registered = true
    this.injects = found.injects
    return outcome
  }

  /** Null when it is in force now, else why it is not. */
  #open(signed: SignedBundle): string | null {
    const { trust, clock, onBundle } = this.#with
    const opened = trust.open(signed, clock.now())
    if ('refused' in opened) {
      if (this.#said !== opened.message) {
        this.#said = opened.message
        this.#note({
          ...nothing,
          kind: 'tamper',
          decision: 'deny',
          would: 'deny',
          facts: { what: 'policy', why: opened.refused },
        })
      }
      return opened.message
    }
    this.#said = ''
    const { bundle } = opened
    const isNew = bundle.version !== this.#version
    try {
      onBundle(bundle)
    } catch (thrown) {
      const why = thrown instanceof Fault ? thrown.message : 'it cannot be read'
      if (isNew) this.#note({ ...nothing, kind: 'policy', facts: { version: bundle.version, refused: why } })
      return why
    }
    this.#version = bundle.version
    if (isNew) this.#note({ ...nothing, kind: 'policy', facts: { version: bundle.version, source: 'signed' } })
    return null
  }

  async #keepFresh(): Promise<void> {
    const { timers, random, http, log } = this.#with
    const { signal } = this.#stop
    while (!signal.aborted) {
      await Promise.race([
        pause(timers, pullMs * (0.9 + random() * 0.2), signal),
        new Promise<void>((resolve) => (this.#pull = resolve)),
      ])
      if (signal.aborted) return
      if (!this.registered) {
        await this.#register(signal)
        continue
      }
      const known = this.#version < 0 ? '' : `?known=${this.#version}`
      const outcome = await http.send({ method: 'GET', path: `${pathOf(this.#record.id)}/policy${known}`, signal })
      if (!outcome.ok) {
        log.debug({ failure: outcome.message }, 'the policy could not be asked for')
        continue
      }
      // Without a bundle it is the version that is known.
      const signed = readSignedBundle(field(outcome.value, 'bundle'))
      if (signed !== null) this.#open(signed)
    }
  }

  async #listen(): Promise<void> {
    const { timers, random, http } = this.#with
    const { signal } = this.#stop
    const backoff = createBackoff(random)
    while (!signal.aborted) {
      if (this.registered) {
        const parse = sseParser()
        await http.listen(`${pathOf(this.#record.id)}/stream`, signal, (piece) => {
          backoff.reset()
          for (const { data } of parse(piece)) this.#hear(parseJson(data))
        })
        // Whatever was said while nobody listened is in the policy.
        this.#pull()
      }
      await pause(timers, backoff.next(), signal)
    }
  }

  #hear(notice: unknown): void {
    const type = field(notice, 'type')
    if (type === 'policy') {
      const version = field(notice, 'version')
      if (typeof version !== 'number' || version > this.#version) this.#pull()
    } else if (type === 'access') {
      const request = text(field(notice, 'request'))
      const status = text(field(notice, 'status'))
      if (request === null || status === null) return
      this.#note({ ...nothing, kind: 'access', facts: { request, status } })
      this.approvals.decided(request, status)
    } else if (type === 'end') this.#with.onStop()
  }

  async #deliver(): Promise<void> {
    const { state, http, clock, timers, random, log } = this.#with
    const { signal } = this.#stop
    await Promise.all([
      this.delivery.run(signal),
      finishLeftovers({ state, url: this.#record.url, http, clock, timers, random, log }, signal),
    ])
  }

  async #beat(): Promise<void> {
    const { directory, clock, timers } = this.#with
    while (!this.#stop.signal.aborted) {
      directory.beat(clock.now())
      await pause(timers, heartbeatMs, this.#stop.signal)
    }
  }

  /** The end is the last line: what the control plane says while it is sent is of no session any more. */
  #note(line: Parameters<SessionRecorder['record']>[0]): void {
    if (!this.#ended) this.#with.recorder.record(line)
  }

  async end({ exitCode, signalName, waitMs }: Parameters<Control['end']>[0]): Promise<{ unsent: number }> {
    const { recorder, spool, timers, http, directory } = this.#with
    // What was folded comes before the last line.
    await recorder.flush()
    this.#note({ ...nothing, kind: 'end', facts: { how: 'ended', exit_code: exitCode, signal: signalName } })
    this.#ended = true
    await recorder.flush()
    const late = new AbortController()
    const silent = !this.registered || this.delivery.failure !== null
    const cancel = timers.after(silent ? Math.min(waitMs, silentEndMsMax) : waitMs, () => late.abort())
    const { seq, hash } = recorder.head
    if (!this.registered) await this.#register(late.signal)
    this.delivery.hurry()
    const whole = spool.durable >= seq && (await this.delivery.reached(seq, late.signal))
    if (whole) {
      const outcome = await sendEnd(http, this.#record.id, { seq, hash, exitCode, signalName }, late.signal)
      if (outcome.ok) markDone(directory.path)
    }
    // Whoever still waited has given up by now: nobody has to decide about it any more.
    await Promise.race([this.approvals.settled(), aborted(late.signal)])
    cancel()
    this.#stop.abort()
    await Promise.all(this.#running)
    return { unsent: seq - this.delivery.acknowledged }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

const pathOf = (session: string): string => `/api/v2/boundaries/sessions/${session}`

const unreadable: Outcome = {
  ok: false,
  code: 'upstream',
  message: 'what the control plane answered cannot be read; it may be of another version',
  retryAfterMs: null,
}

/** What may be different in a while; anything else is an answer, and it is no. */
const passing = new Set(['unavailable', 'limited', 'timeout'])

const fixes: Readonly<Record<string, string>> = {
  unauthenticated: 'sign in again: reeve login',
  not_found: 'the address is of no Reeve that has boundaries: look at REEVE_URL',
}

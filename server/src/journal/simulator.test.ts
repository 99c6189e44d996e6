/**
 * Random lives of a journal on a disk that fails: appends, faults, full disks, crashes, power cuts, restarts, retirement.
 * Every schedule follows from its seed; a failure names it. More seeds: REEVE_JOURNAL_SEEDS=100000.
 */
import { expect, test } from 'vitest'
import { manualClock, silentLog } from '@reeve/base'
import { type Journal, openJournal, type Position } from './journal.ts'
import { type Damage, readFrames } from './read.ts'
import { FaultyDisk, type Operation, seededRandom } from './testing.ts'

const seeds = Number(process.env['REEVE_JOURNAL_SEEDS'] ?? 1_000)
const operations: Operation[] = [
  'create',
  'open',
  'rename',
  'unlink',
  'syncDirectory',
  'writev',
  'datasync',
  'truncate',
]
const codes = ['EIO', 'ENOSPC', 'EMFILE', 'EROFS', 'short']

class Life {
  readonly #random: () => number
  readonly #disk = new FaultyDisk()
  readonly #clock = manualClock()
  readonly #scattered: boolean
  readonly #acknowledged = new Map<number, Position>()
  readonly #rejected = new Set<number>()
  /** Taken by appendSoon in the present process, which must find them when it ends well. */
  #soon: number[] = []
  #flawless = true
  #open: Promise<unknown>[] = []
  #nextId = 1
  #retiredBelow = 0
  #journal!: Journal

  constructor(seed: number, scattered: boolean) {
    this.#random = seededRandom(seed)
    this.#scattered = scattered
  }

  async run(steps: number): Promise<void> {
    await this.#start()
    for (let i = 0; i < steps; i++) await this.#step()
    this.#heal()
    await this.#stop()
    await this.#start()
    const position = await this.#journal.append(1, [Buffer.from(String(this.#nextId))])
    this.#acknowledged.set(this.#nextId++, position)
    expect(this.#journal.status()).toMatchObject({ healthy: true, pendingBytes: 0 })
    await this.#check()
    await this.#stop()
  }

  async #step(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.45) this.#append()
    else if (dice < 0.6) this.#appendSoon()
    else if (dice < 0.72) await new Promise((resolve) => setImmediate(resolve))
    else if (dice < 0.8) await this.#settle()
    else if (dice < 0.86) this.#break()
    else if (dice < 0.91) this.#heal()
    else if (dice < 0.93) await this.#retire()
    else if (dice < 0.95) await this.#check()
    else if (dice < 0.97) await this.#die(() => this.#disk.crash())
    else if (dice < 0.99) {
      await this.#die(() => this.#disk.powerLoss({ random: this.#random, scattered: this.#scattered }))
    } else {
      this.#heal()
      await this.#stop()
      await this.#start()
    }
  }

  #payload(): Buffer[] {
    const padding = this.#random() < 0.03 ? 3_000 : Math.floor(this.#random() * 200)
    return [Buffer.from(`${this.#nextId}`), Buffer.alloc(padding, this.#random() < 0.3 ? 0 : 32)]
  }

  #append(): void {
    const payload = this.#payload()
    const id = this.#nextId++
    const appended = this.#journal.append(1, payload, { closing: this.#random() < 0.2 })
    this.#open.push(
      appended.then(
        (position) => this.#acknowledged.set(id, position),
        () => this.#rejected.add(id),
      ),
    )
  }

  #appendSoon(): void {
    const payload = this.#payload()
    const id = this.#nextId++
    if (this.#journal.appendSoon(2, payload)) this.#soon.push(id)
    if (this.#random() < 0.2) this.#clock.advance(600)
  }

  async #settle(): Promise<void> {
    const settled = Promise.all(this.#open).then(() => true)
    const turn = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))
    // The disk answers within a turn, so that whoever waits for thousands waits for ever.
    for (let turns = 0; !(await Promise.race([settled, turn()])); turns++) {
      if (turns > 10_000) throw new Error('an append neither resolves nor rejects')
    }
    this.#open = []
  }

  #break(): void {
    this.#flawless = false
    if (this.#random() < 0.3) {
      this.#disk.capacityBytes = this.#disk.usedBytes + Math.floor(this.#random() * 600)
      return
    }
    const operation = operations[Math.floor(this.#random() * operations.length)]
    const code = codes[Math.floor(this.#random() * codes.length)]!
    const chance = this.#random()
    this.#disk.fault = (asked) => {
      const everything = code === 'EROFS' && asked !== 'open' && asked !== 'datasync'
      if (asked !== operation && !everything) return null
      if (code === 'short' && asked !== 'writev') return null
      return this.#random() < chance ? code : null
    }
  }

  #heal(): void {
    this.#disk.fault = () => null
    this.#disk.capacityBytes = Number.MAX_SAFE_INTEGER
  }

  async #retire(): Promise<void> {
    const below = this.#journal.durable().segment
    await this.#journal.retire(below).catch(() => {})
    this.#retiredBelow = Math.max(this.#retiredBelow, below)
  }

  async #die(kill: () => void): Promise<void> {
    kill()
    this.#heal()
    this.#open = []
    await this.#start()
  }

  async #stop(): Promise<void> {
    await this.#settle()
    await this.#journal[Symbol.asyncDispose]()
    const found = await this.#check()
    const [first = this.#nextId] = found.keys()
    const expected = this.#soon.filter((id) => id >= first)
    if (this.#flawless) expect([...found.keys()]).toEqual(expect.arrayContaining(expected))
  }

  async #start(): Promise<void> {
    this.#journal = await openJournal({
      dir: this.#disk.directory,
      fs: this.#disk.boot(),
      clock: this.#clock,
      log: silentLog,
      segmentBytes: 2_000,
      reserveBytes: 700,
    })
    this.#soon = []
    this.#flawless = true
    await this.#check()
    // What a dead process left in doubt is settled now: it is there or it is not.
    this.#rejected.clear()
  }

  /** Reads everything that is durable; the numbers of its frames by id. */
  async #check(): Promise<ReadonlyMap<number, number>> {
    const fault = this.#disk.fault
    this.#disk.fault = () => null
    const found = new Map<number, number>()
    const damage: Damage[] = []
    let lastSeq: number | null = null
    let lastId = 0
    const to = this.#journal.durable()
    // More may be acknowledged while this reads.
    const acknowledged = [...this.#acknowledged]
    const from = { segment: this.#retiredBelow, offset: 0 }
    const onDamage = (at: Damage) => damage.push(at)
    for await (const frame of readFrames({ dir: this.#disk.directory, fs: this.#disk.boot(), from, to, onDamage })) {
      const id = Number.parseInt(frame.payload.toString('latin1'))
      claim(!found.has(id), `frame ${id} appears once`)
      claim(id > lastId, `frame ${id} comes after frame ${lastId}, as it was appended`)
      claim(lastSeq === null || damage.length > 0 || frame.seq === lastSeq + 1, `frame ${id} has the next number`)
      found.set(id, frame.seq)
      lastSeq = frame.seq
      lastId = id
    }
    if (!this.#scattered) expect(damage, 'the chain verifies').toEqual([])
    for (const [id, position] of acknowledged) {
      const retired = position.segment < this.#retiredBelow
      claim(retired || found.get(id) === position.seq, `acknowledged frame ${id} is there, with its number`)
    }
    this.#disk.fault = fault
    return found
  }
}

/** Cheaper than `expect`, for what is asked of every frame of every life. */
function claim(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`)
}

test.each([
  ['written from the front', false],
  ['written in any order', true],
])(
  'whatever fails, no acknowledged frame is lost and none comes twice (unsynced sectors %s)',
  async (_, scattered) => {
    for (let seed = 1; seed <= seeds; seed++) {
      try {
        await new Life(seed, scattered).run(20 + (seed % 100))
      } catch (error) {
        throw new Error(`seed ${seed} failed`, { cause: error })
      }
    }
  },
  600_000,
)

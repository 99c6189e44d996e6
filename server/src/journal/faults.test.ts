import { describe, expect, test } from 'vitest'
import { type LogLine, manualClock, recordingLog } from '@reeve/base'
import { frameHeaderBytes } from './frame.ts'
import { type Journal, type JournalOptions, openJournal, type Position } from './journal.ts'
import { readFrames, verifyChain } from './read.ts'
import { segmentName } from './segment-header.ts'
import { FaultyDisk, type Operation } from './testing.ts'

const dir = '/journal'
const lines: LogLine[] = []

/** Has no room to prepare segments ahead, so that nothing happens on it beside the appends. */
function smallDisk(capacityBytes = 6_000): FaultyDisk {
  const disk = new FaultyDisk()
  disk.capacityBytes = capacityBytes
  return disk
}

function open(disk: FaultyDisk, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const log = recordingLog(lines)
  return openJournal({
    dir,
    fs: disk.boot(),
    clock: manualClock(),
    log,
    segmentBytes: 4_000,
    reserveBytes: 2_000,
    ...options,
  })
}

async function texts(disk: FaultyDisk): Promise<string[]> {
  const read: string[] = []
  for await (const frame of readFrames({ dir, fs: disk.boot(), from: { segment: 0, offset: 0 } })) {
    read.push(frame.payload.toString())
  }
  return read
}

const bytes = (text: string) => [Buffer.from(text)]
const append = (journal: Journal, text: string, closing = false) => journal.append(1, bytes(text), { closing })
const unavailable = { name: 'Fault', code: 'unavailable' }

/** Fails the operation, once unless told otherwise. */
function fail(disk: FaultyDisk, operation: Operation, code: string, times = 1): void {
  let left = times
  disk.fault = (asked) => (asked === operation && left-- > 0 ? code : null)
}

describe('a write that fails', () => {
  test('may be on the disk or not, as after a sync: the frames are written once more, into a new segment', async () => {
    const disk = smallDisk()
    const journal = await open(disk)
    await append(journal, 'one')
    fail(disk, 'writev', 'EIO')
    const positions = await Promise.all([append(journal, 'two'), append(journal, 'three')])
    expect(positions.map(({ segment, seq }) => [segment, seq])).toEqual([
      [2, 2],
      [2, 3],
    ])
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual(['one', 'two', 'three'])
    expect(await verifyChain(dir, disk.boot())).toMatchObject({ frames: 3, damage: [] })
  })

  test('twice rejects exactly the appends of its batch, and those queued behind it are chained anew', async () => {
    const disk = smallDisk()
    await using journal = await open(disk)
    await append(journal, 'before')
    let queued: Promise<Position> | null = null
    let left = 2
    disk.fault = (operation) => {
      if (operation !== 'writev' || left-- <= 0) return null
      queued ??= append(journal, 'c')
      return 'EIO'
    }
    expect(await Promise.allSettled([append(journal, 'a'), append(journal, 'b')])).toMatchObject([
      { status: 'rejected', reason: unavailable },
      { status: 'rejected', reason: unavailable },
    ])
    expect(await queued).toMatchObject({ seq: 2 })
    expect(journal.status()).toMatchObject({ healthy: true, failedAppends: 2, pendingBytes: 0 })
    expect(await texts(disk)).toEqual(['before', 'c'])
    expect(await verifyChain(dir, disk.boot())).toMatchObject({ frames: 2, damage: [], tornBytes: 0 })
  })

  test('short is carried on, and nothing is acknowledged that is not all there', async () => {
    const disk = smallDisk()
    const journal = await open(disk)
    fail(disk, 'writev', 'short', 5)
    await Promise.all(['one', 'two', 'three'].map((text) => append(journal, text)))
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual(['one', 'two', 'three'])
  })

  test.each<[Operation, string]>([
    ['writev', 'EROFS'],
    ['create', 'EMFILE'],
    ['syncDirectory', 'EIO'],
    ['truncate', 'EIO'],
  ])('at %s with %s leaves nothing behind and works again afterwards', async (operation, code) => {
    const disk = smallDisk()
    await using journal = await open(disk)
    disk.fault = (asked) => (asked === operation || asked === 'writev' ? code : null)
    await expect(append(journal, 'refused')).rejects.toMatchObject(unavailable)
    expect(journal.status()).toMatchObject({ healthy: false, detail: `writing failed with ${code}` })
    disk.fault = () => null
    expect((await append(journal, 'taken')).seq).toBe(1)
    expect(journal.status()).toMatchObject({ healthy: true, detail: '' })
    expect(await texts(disk)).toEqual(['taken'])
  })

  test('again and again leaves no file behind for each attempt', async () => {
    const disk = smallDisk()
    await using journal = await open(disk)
    await append(journal, 'one')
    const before = disk.names.length
    disk.fault = (operation) => (operation === 'datasync' ? 'EIO' : null)
    for (let i = 0; i < 20; i++) await expect(append(journal, 'no')).rejects.toMatchObject(unavailable)
    expect(disk.names.length).toBeLessThanOrEqual(before)
  })
})

describe('an fdatasync that fails', () => {
  test('is never asked again: the frames are written once more, into a new segment', async () => {
    const disk = smallDisk()
    const journal = await open(disk)
    await append(journal, 'one')
    const asked: string[] = []
    disk.fault = (operation, name) => {
      if (operation === 'datasync') asked.push(name)
      return operation === 'datasync' && asked.length === 1 ? 'EIO' : null
    }
    expect(journal.appendSoon(2, bytes('two'))).toBe(true)
    const positions = await Promise.all([append(journal, 'three'), append(journal, 'four')])
    expect(positions.map(({ segment, seq }) => [segment, seq])).toEqual([
      [2, 3],
      [2, 4],
    ])
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual(['one', 'two', 'three', 'four'])
    expect(await verifyChain(dir, disk.boot())).toMatchObject({ frames: 4, damage: [] })
    expect(lines.some((line) => line.message === 'journal segment failed to sync')).toBe(true)
  })

  test('twice rejects the appends, and what nobody waits for is kept for the next', async () => {
    const disk = smallDisk()
    const journal = await open(disk)
    disk.fault = (operation) => (operation === 'datasync' ? 'EIO' : null)
    journal.appendSoon(2, bytes('chunk'))
    await expect(append(journal, 'refused')).rejects.toMatchObject(unavailable)
    disk.fault = () => null
    expect((await append(journal, 'taken')).seq).toBe(2)
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual(['chunk', 'taken'])
  })
})

describe('a full disk', () => {
  async function filled(): Promise<{ disk: FaultyDisk; journal: Journal; taken: string[] }> {
    const disk = smallDisk(12_000)
    const journal = await open(disk, { segmentBytes: 3_000 })
    const taken: string[] = []
    for (let i = 0; journal.status().healthy; i++) {
      const text = `${i}${'.'.repeat(200)}`
      await append(journal, text).then(
        () => taken.push(text),
        () => {},
      )
    }
    return { disk, journal, taken }
  }

  test('refuses ordinary records, and still writes those that end something', async () => {
    const { disk, journal, taken } = await filled()
    expect(journal.status().detail).toBe('the disk is full: only records that end something are written')
    expect(journal.appendSoon(2, bytes('chunk'))).toBe(false)
    for (let i = 0; i < 10; i++) {
      const position = await append(journal, `end ${i}`, true)
      expect(position.seq).toBe(taken.length + i + 1)
      await expect(append(journal, 'ordinary')).rejects.toMatchObject(unavailable)
    }
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual([...taken, ...Array.from({ length: 10 }, (_, i) => `end ${i}`)])
  })

  test('acknowledges no end whose beginning did not fit: what was taken before is kept in front of it', async () => {
    const disk = smallDisk()
    await using journal = await open(disk, { pendingBytesMax: 20_000 })
    await append(journal, 'start')
    disk.capacityBytes = disk.usedBytes
    expect(journal.appendSoon(2, bytes('x'.repeat(5_000)))).toBe(true)
    await expect(append(journal, 'end', true)).rejects.toMatchObject(unavailable)
    disk.capacityBytes = 1_000_000
    expect((await append(journal, 'end', true)).seq).toBe(3)
    expect((await texts(disk)).map((text) => text.length)).toEqual([5, 5_000, 3])
  })

  test('is left without a restart when room returns', async () => {
    const { disk, journal, taken } = await filled()
    await expect(append(journal, 'refused')).rejects.toMatchObject(unavailable)
    disk.capacityBytes = 1_000_000
    for (let i = 0; i < 100; i++) taken.push(`later ${i}`)
    await Promise.all(taken.slice(-100).map((text) => append(journal, text)))
    expect(journal.status()).toMatchObject({ healthy: true, detail: '' })
    expect(disk.names).toContain('reserve')
    expect(await texts(disk)).toEqual(taken)
    expect((await verifyChain(dir, disk.boot())).damage).toEqual([])
  })

  test('on opening is a journal that opens and says so', async () => {
    const { disk, journal, taken } = await filled()
    await journal[Symbol.asyncDispose]()
    disk.capacityBytes = disk.usedBytes
    await using again = await open(disk)
    expect(again.status()).toMatchObject({ healthy: false })
    await expect(append(again, 'refused')).rejects.toMatchObject(unavailable)
    expect(await texts(disk)).toEqual(taken)
  })
})

describe('what waits in memory', () => {
  test('is bounded: what is beyond the bound is refused, and taken again later', async () => {
    const disk = new FaultyDisk()
    await using journal = await open(disk, { pendingBytesMax: 1_000 })
    const settled = await Promise.allSettled(Array.from({ length: 20 }, () => append(journal, '.'.repeat(147))))
    const taken = settled.filter((result) => result.status === 'fulfilled').length
    expect(taken).toBe(Math.floor(1_000 / (147 + frameHeaderBytes)))
    expect(settled.at(-1)).toMatchObject({ reason: unavailable })
    expect(journal.status()).toMatchObject({ failedAppends: 20 - taken, pendingBytes: 0 })
    expect((await append(journal, 'x'.repeat(5_000))).seq).toBe(taken + 1)
  })

  test('frames nobody waits for stay bounded while nothing can be written, and each refusal is told', async () => {
    const disk = new FaultyDisk()
    await using journal = await open(disk, { pendingBytesMax: 1_000 })
    disk.fault = (operation) => (operation === 'writev' ? 'EIO' : null)
    const taken = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(147, '.')).filter((text) =>
      journal.appendSoon(2, bytes(text)),
    )
    expect(taken).toHaveLength(2)
    while (journal.status().healthy) await new Promise((resolve) => setImmediate(resolve))
    disk.fault = () => null
    expect(journal.status()).toMatchObject({ failedAppends: 48, healthy: false })
    expect((await append(journal, 'end')).seq).toBe(3)
    expect((await texts(disk)).slice(0, 2)).toEqual(taken)
  })

  test('a record larger than any frame may be is refused by name', async () => {
    await using journal = await open(new FaultyDisk())
    await expect(journal.append(1, [new Uint8Array(129 * 1024 * 1024)])).rejects.toMatchObject({ code: 'too_large' })
  })
})

describe('appendSoon', () => {
  function counting(disk: FaultyDisk): { syncs: number } {
    const count = { syncs: 0 }
    disk.fault = (operation) => {
      if (operation === 'datasync') count.syncs++
      return null
    }
    return count
  }
  const written = async (disk: FaultyDisk, text: string) => {
    while (!disk.read(segmentName(1)).includes(text)) await new Promise((resolve) => setImmediate(resolve))
  }

  test('survives the death of the process without a sync of its own', async () => {
    const disk = smallDisk()
    const journal = await open(disk)
    await append(journal, 'start')
    const count = counting(disk)
    journal.appendSoon(2, bytes('chunk'))
    await written(disk, 'chunk')
    expect(count.syncs).toBe(0)
    expect(journal.durable().seq).toBe(1)
    disk.crash()
    await using again = await open(disk)
    expect(again.durable().seq).toBe(2)
    expect(await texts(disk)).toEqual(['start', 'chunk'])
  })

  test('is synced with the next append, or when a second has passed', async () => {
    const disk = smallDisk()
    const clock = manualClock()
    await using journal = await open(disk, { clock })
    await append(journal, 'start')
    const count = counting(disk)
    journal.appendSoon(2, bytes('first'))
    await written(disk, 'first')
    clock.advance(1_000)
    journal.appendSoon(2, bytes('second'))
    await written(disk, 'second')
    while (journal.durable().seq < 3) await new Promise((resolve) => setImmediate(resolve))
    expect(count.syncs).toBe(1)
    journal.appendSoon(2, bytes('third'))
    await append(journal, 'end')
    expect(count.syncs).toBe(2)
    expect(journal.status().pendingBytes).toBe(0)
  })

  test('is made durable by closing', async () => {
    const disk = new FaultyDisk()
    {
      await using journal = await open(disk)
      journal.appendSoon(2, bytes('last words'))
    }
    disk.powerLoss({ random: () => 0 })
    expect(await texts(disk)).toEqual(['last words'])
  })
})

test('what lies behind a position counts only what is durable', async () => {
  const disk = smallDisk()
  const journal = await open(disk)
  const one = await append(journal, 'one')
  const two = await append(journal, 'two')
  journal.appendSoon(2, bytes('x'.repeat(3_800)))
  while (!disk.names.includes(segmentName(2))) await new Promise((resolve) => setImmediate(resolve))
  expect(journal.bytesAfter(two)).toBe(0)
  expect(journal.bytesAfter(one)).toBe(two.offset - one.offset)
  expect(journal.bytesAfter({ segment: 0, offset: 0 })).toBe(two.offset)
})

test('many appends of one moment share one write and one sync', async () => {
  const disk = smallDisk(150_000)
  await using journal = await open(disk, { segmentBytes: 100_000 })
  await append(journal, 'one')
  const asked: Operation[] = []
  disk.fault = (operation) => {
    asked.push(operation)
    return null
  }
  await Promise.all(Array.from({ length: 500 }, (_, i) => append(journal, `${i}`)))
  expect(asked).toEqual(['writev', 'datasync'])
})

test('retirement deletes older segments, never the one that carries the chain', async () => {
  const disk = new FaultyDisk()
  {
    await using journal = await open(disk)
    for (let i = 0; i < 50; i++) await append(journal, '.'.repeat(300))
    const { segment } = journal.durable()
    expect(journal.status().segments).toBe(segment)
    await journal.retire(3)
    expect(disk.names.filter((name) => name.endsWith('.wal'))[0]).toBe(segmentName(3))
    await journal.retire(segment + 10)
    expect(disk.names.filter((name) => name.endsWith('.wal'))).toEqual([segmentName(segment)])
    expect(journal.status()).toMatchObject({ segments: 1 })
  }
  {
    // The chain of an earlier process is not forgotten either, however little is left of it.
    await using journal = await open(disk)
    await journal.retire(1_000)
    expect((await append(journal, 'on')).seq).toBe(51)
  }
  disk.powerLoss({ random: () => 0 })
  expect(await verifyChain(dir, disk.boot())).toMatchObject({ lastSeq: 51, damage: [] })
})

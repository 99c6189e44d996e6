import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type LogLine, manualClock, recordingLog } from '@reeve/base'
import { frameHeaderBytes, layFrame, sealFrame } from './frame.ts'
import { type Journal, openJournal } from './journal.ts'
import { type Damage, type Frame, readFrameAt, readFrames, verifyChain } from './read.ts'
import { chainOrigin, segmentHeaderBytes, segmentName } from './segment-header.ts'
import { FaultyDisk } from './testing.ts'

const dir = '/journal'

function open(disk: FaultyDisk, lines: LogLine[] = []): Promise<Journal> {
  const options = { dir, clock: manualClock(), log: recordingLog(lines), segmentBytes: 1_000, reserveBytes: 500 }
  return openJournal({ ...options, fs: disk.boot() })
}

async function written(...payloads: string[]): Promise<FaultyDisk> {
  const disk = new FaultyDisk()
  await using journal = await open(disk)
  for (const payload of payloads) await journal.append(1, [Buffer.from(payload)])
  return disk
}

async function read(disk: FaultyDisk): Promise<{ frames: Frame[]; damage: Damage[] }> {
  const damage: Damage[] = []
  const frames: Frame[] = []
  const from = { segment: 0, offset: 0 }
  const onDamage = (found: Damage) => damage.push(found)
  for await (const frame of readFrames({ dir, fs: disk.boot(), from, onDamage })) frames.push(frame)
  return { frames, damage }
}

const first = segmentName(1)
const texts = (frames: readonly Frame[]) => frames.map((frame) => frame.payload.toString())

describe('a torn tail', () => {
  test('at every byte of the last frame is cut off, and the chain goes on in front of it', async () => {
    const payload = 'the last frame'
    const size = frameHeaderBytes + payload.length
    for (let kept = 0; kept < size; kept++) {
      const disk = await written('one', 'two', payload)
      const torn = disk.read(first).subarray(-size).subarray(0, kept)
      disk.cut(first, disk.read(first).length - size + kept)
      const lines: LogLine[] = []
      {
        await using journal = await open(disk, lines)
        expect(journal.durable().seq).toBe(2)
        expect(journal.status()).toMatchObject({ healthy: true, damage: [] })
        // Zeros at the end of what is left cannot be told from room that was never written to.
        const bytes = torn.findLastIndex((byte) => byte !== 0) + 1
        const facts = { dir, segment: 1, offset: journal.durable().offset, bytes }
        const cut = { level: 'warn', message: 'unfinished journal write cut off', facts }
        expect(lines).toEqual(bytes === 0 ? [] : [cut])
        await journal.append(1, [Buffer.from('after')])
      }
      expect(texts((await read(disk)).frames)).toEqual(['one', 'two', 'after'])
      expect(await verifyChain(dir, disk.boot())).toMatchObject({ frames: 3, lastSeq: 3, damage: [], tornBytes: 0 })
    }
  })

  test('in front of prepared room is told from damage by the zeros that follow', async () => {
    const disk = new FaultyDisk()
    const journal = await open(disk)
    await journal.append(1, [Buffer.from('one')])
    disk.fault = (operation) => (operation === 'writev' || operation === 'truncate' ? 'EIO' : null)
    await expect(journal.append(1, [Buffer.from('never all there')])).rejects.toMatchObject({ code: 'unavailable' })
    disk.crash()
    const again = await open(disk)
    expect(again.durable().seq).toBe(1)
    expect(again.status().damage).toEqual([])
  })

  test('inside the header of a new segment leaves no segment', async () => {
    const header = (await written('one')).read(first).subarray(0, segmentHeaderBytes)
    for (let kept = 0; kept < header.length; kept++) {
      const disk = await written('one')
      disk.cut(first, kept)
      await using journal = await open(disk)
      expect(journal.status()).toMatchObject({ segments: 0, damage: [] })
      expect(journal.durable()).toEqual({ segment: 0, offset: 0, seq: 0 })
    }
  })
})

test('frames whose sync failed before a crash are made durable by opening, not believed to be', async () => {
  const disk = await written('one')
  const journal = await open(disk)
  await journal.append(1, [Buffer.from('two')])
  // From here the pages are in memory, count as clean, and no later sync writes them.
  disk.fault = (operation) => (operation === 'datasync' || operation === 'truncate' ? 'EIO' : null)
  await expect(journal.append(1, [Buffer.from('three')])).rejects.toMatchObject({ code: 'unavailable' })
  disk.crash()
  expect((await open(disk)).durable().seq).toBe(3)
  disk.powerLoss({ random: () => 0 })
  expect((await open(disk)).durable().seq).toBe(3)
})

test('a tail that was overruled stays hidden when an empty file lies between it and what overruled it', async () => {
  const disk = await written('one')
  const journal = await open(disk)
  await journal.append(1, [Buffer.from('two')])
  const { segment } = journal.durable()
  let failing = true
  disk.fault = (operation) => {
    if (!failing) return null
    return ['datasync', 'truncate', 'unlink', 'syncDirectory'].includes(operation) ? 'EIO' : null
  }
  journal.appendSoon(2, [Buffer.from('written twice')])
  await expect(journal.append(1, [Buffer.from('refused')])).rejects.toMatchObject({ code: 'unavailable' })
  failing = false
  const position = await journal.append(1, [Buffer.from('three')])
  expect(position.segment).toBeGreaterThan(segment + 1)
  const { frames, damage } = await read(disk)
  expect(texts(frames)).toEqual(['one', 'two', 'written twice', 'three'])
  expect(damage).toEqual([])
})

describe('a flipped bit', () => {
  test('anywhere is found, located and reported; every other frame stays readable', async () => {
    const payloads = ['one', 'two, a little longer', 'three']
    const size = (await written(...payloads)).read(first).length
    const { frames } = await read(await written(...payloads))
    for (let offset = 0; offset < size; offset++) {
      const disk = await written(...payloads)
      disk.flip(first, offset, offset % 8)
      const lines: LogLine[] = []
      await using journal = await open(disk, lines)
      const hit = frames.find((frame) => offset >= frame.start && offset < frame.end)
      const found = await read(disk)
      expect(texts(found.frames)).toEqual(payloads.filter((payload) => payload !== hit?.payload.toString()))
      expect(found.damage[0]).toMatchObject({ segment: 1, start: hit?.start ?? 0 })
      expect(journal.status().detail).toContain('damage found: 1, the first in segment 1')
      expect(lines.some((line) => line.level === 'error' && line.message === 'journal is damaged')).toBe(true)
      expect(disk.read(`${first}.damaged`)).toEqual(disk.read(first))
    }
  })

  test('in the last frame never leads to its number being given out again', async () => {
    for (const at of [5, 20, 46, frameHeaderBytes + 2]) {
      const disk = await written('one', 'two', 'three, whose bytes are all there')
      const { frames } = await read(disk)
      disk.flip(first, frames[2]!.start + at)
      await using journal = await open(disk)
      expect((await journal.append(1, [Buffer.from('four')])).seq).toBeGreaterThan(3)
    }
  })

  test('leaves later segments readable, and the damaged one outlives its retirement', async () => {
    const disk = await written(...Array.from({ length: 40 }, (_, i) => `frame ${i} ${'.'.repeat(40)}`))
    const before = await read(disk)
    disk.flip(segmentName(2), 300)
    await using journal = await open(disk)
    expect(journal.status()).toMatchObject({ healthy: true, damage: [{ segment: 2, reason: 'frame' }] })
    expect((await read(disk)).frames).toHaveLength(before.frames.length - 1)
    const position = await journal.append(1, [Buffer.from('later')])
    await journal.retire(position.segment)
    expect(disk.names).toContain(`${segmentName(2)}.damaged`)
    expect(disk.names).not.toContain(segmentName(2))
  })

  test('makes a reader stop that did not ask to go on', async () => {
    const disk = await written('one', 'two')
    disk.flip(first, segmentHeaderBytes + frameHeaderBytes)
    const from = { segment: 0, offset: 0 }
    await expect(Array.fromAsync(readFrames({ dir, fs: disk.boot(), from }))).rejects.toMatchObject({
      code: 'internal',
      detail: expect.stringContaining(`segment 1, offset ${segmentHeaderBytes}`),
    })
    await expect(readFrameAt({ dir, fs: disk.boot(), segment: 1, offset: segmentHeaderBytes })).rejects.toMatchObject({
      code: 'internal',
    })
    await expect(readFrameAt({ dir, fs: disk.boot(), segment: 9, offset: 0 })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('tampering', () => {
  test('a deleted segment in the middle is reported as missing frames', async () => {
    const disk = await written(...Array.from({ length: 40 }, (_, i) => `frame ${i} ${'.'.repeat(40)}`))
    await disk.boot().unlink(`${dir}/${segmentName(2)}`)
    expect((await read(disk)).damage).toEqual([expect.objectContaining({ segment: 3, reason: 'missing' })])
  })

  test('a frame with matching checksums that was not written there breaks the chain', async () => {
    const disk = await written('one', 'two', 'six')
    const forged = disk.read(first)
    const salt = forged.readUInt32LE(16)
    const fake = layFrame(1, [Buffer.from('ten')])
    const { frames } = await read(disk)
    const origin = chainOrigin('00000000-0000-7000-8000-000000000000')
    sealFrame(fake, { seq: 1, hash: origin.hash }, salt)
    fake.copy(forged, frames[1]!.start)
    await (await disk.boot().open(`${dir}/${first}`, 'write')).writev([forged], 0)
    const { damage } = await read(disk)
    expect(damage.map((found) => [found.reason, found.start])).toEqual([
      ['chain', frames[1]!.start],
      ['chain', frames[2]!.start],
    ])
  })

  test('a payload that imitates a frame is not taken for one behind damage', async () => {
    const fake = layFrame(9, [Buffer.from('forged')])
    sealFrame(fake, { seq: 1, hash: Buffer.alloc(32) }, 0)
    const disk = new FaultyDisk()
    {
      await using journal = await open(disk)
      await journal.append(1, [Buffer.from('one')])
      await journal.append(1, [Buffer.from('before '), fake, Buffer.from(' behind')])
      await journal.append(1, [Buffer.from('three')])
    }
    const { frames } = await read(disk)
    disk.flip(first, frames[1]!.start + 5)
    const after = await read(disk)
    expect(texts(after.frames)).toEqual(['one', 'three'])
    expect(after.damage).toEqual([expect.objectContaining({ start: frames[1]!.start, end: frames[1]!.end })])
  })
})

test('a segment of a newer format is refused, by name', async () => {
  const disk = await written('one')
  const bytes = disk.read(first)
  for (const copy of [bytes.subarray(0, 88), bytes.subarray(88, 176)]) {
    copy.writeUInt32LE(2, 8)
    copy.writeUInt32LE(crc32(copy.subarray(0, 84)), 84)
  }
  await (await disk.boot().open(`${dir}/${first}`, 'write')).writev([bytes], 0)
  await expect(open(disk)).rejects.toMatchObject({
    code: 'conflict',
    message: `Segment ${first} in /journal has format 2; this version reads format 1.`,
  })
})

test('the replica id is kept, and found again in the segments when its file is lost', async () => {
  const disk = await written('one')
  const { replicaId } = await open(disk).then(async (journal) => {
    await using _ = journal
    return { replicaId: journal.replicaId }
  })
  await disk.boot().unlink(`${dir}/replica-id`)
  await using journal = await open(disk)
  expect(journal.replicaId).toBe(replicaId)
  expect(disk.read('replica-id').toString()).toBe(`${replicaId}\n`)
})

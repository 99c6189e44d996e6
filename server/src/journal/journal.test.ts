import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock, silentLog } from '@reeve/base'
import { type JournalOptions, openJournal } from './journal.ts'
import { readFrameAt, readFrames, verifyChain } from './read.ts'

let dir: string
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'reeve-journal-')), 'journal')
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const open = (options: Partial<JournalOptions> = {}) =>
  openJournal({ dir, clock: manualClock(), log: silentLog, segmentBytes: 4096, reserveBytes: 4096, ...options })

async function texts(from = { segment: 0, offset: 0 }): Promise<string[]> {
  const read: string[] = []
  for await (const frame of readFrames({ dir, from }))
    read.push(`${frame.seq}:${frame.kind}:${frame.payload.toString()}`)
  return read
}

const bytes = (...parts: string[]) => parts.map((part) => Buffer.from(part))

describe('appending', () => {
  test('what was appended is read back in order, whole, and by its position', async () => {
    await using journal = await open()
    const first = await journal.append(1, bytes('hello ', 'world'))
    expect(journal.appendSoon(2, bytes('chunk'))).toBe(true)
    const third = await journal.append(3, [])
    expect(first.seq).toBe(1)
    expect(third.seq).toBe(3)
    expect(journal.durable()).toEqual(third)
    expect(await texts()).toEqual(['1:1:hello world', '2:2:chunk', '3:3:'])
    expect(await texts(first)).toEqual(['2:2:chunk', '3:3:'])
    const [frame] = await Array.fromAsync(readFrames({ dir, from: { segment: 0, offset: 0 }, to: first }))
    const again = await readFrameAt({ dir, segment: frame!.segment, offset: frame!.start })
    expect(again).toEqual(frame)
  })

  test('the chain goes on through new segments and a restart', async () => {
    for (let round = 0; round < 3; round++) {
      await using journal = await open()
      expect(journal.durable().seq).toBe(round * 200)
      await Promise.all(Array.from({ length: 200 }, (_, i) => journal.append(1, bytes(`frame ${i} `.repeat(20)))))
      expect(journal.status()).toMatchObject({ healthy: true, detail: '', failedAppends: 0, pendingBytes: 0 })
    }
    expect(await verifyChain(dir)).toEqual({ frames: 600, firstSeq: 1, lastSeq: 600, damage: [], tornBytes: 0 })
  })
})

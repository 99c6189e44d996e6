import { execFile, fork } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock, silentLog } from '@reeve/base'
import { type JournalOptions, openJournal } from './journal.ts'
import { readFrameAt, readFrames, verifyChain } from './read.ts'

let root: string
let dir: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reeve-journal-'))
  dir = join(root, 'journal')
})
afterEach(() => rm(root, { recursive: true, force: true }))

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

describe('the directory', () => {
  test('and its files are their owner’s alone', async () => {
    await using journal = await open()
    await journal.append(1, bytes('a prompt'))
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(dir)) expect((await stat(join(dir, name))).mode & 0o777, name).toBe(0o600)
  })

  test.each(['0701', '0704', '0720', '0777'])('open to others (mode %s) is refused', async (mode) => {
    await mkdir(dir)
    await chmod(dir, Number.parseInt(mode, 8))
    await expect(open()).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(`is open to other users (mode ${mode})`),
    })
  })

  test('that is a symbolic link, or no directory, is refused', async () => {
    await mkdir(`${dir}-real`, { mode: 0o700 })
    await symlink(`${dir}-real`, dir)
    await expect(open()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('symbolic link') })
    await rm(dir)
    await writeFile(dir, '')
    await expect(open()).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('not a directory'),
    })
  })

  test.skipIf(process.getuid?.() !== 0)('of another user is refused (needs root to make one)', async () => {
    await mkdir(dir, { mode: 0o700 })
    await chown(dir, 12_345, 12_345)
    await expect(open()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('user 12345') })
  })

  test('has one owner, whose process is named to the second, by whichever path it comes', async () => {
    const journal = await open()
    await symlink(root, `${dir}-parent`)
    for (const path of [dir, join(`${dir}-parent`, 'journal')]) {
      await expect(open({ dir: path })).rejects.toMatchObject({
        code: 'conflict',
        message: `The journal in ${path} is in use by process ${process.pid}.`,
      })
    }
    await journal[Symbol.asyncDispose]()
    await (await open())[Symbol.asyncDispose]()
  })

  test('is let go when opening fails', async () => {
    await mkdir(dir, { mode: 0o700 })
    await mkdir(join(dir, 'replica-id'))
    await expect(open()).rejects.toMatchObject({ name: 'Fault' })
    await rm(join(dir, 'replica-id'), { recursive: true })
    await (await open())[Symbol.asyncDispose]()
  })
})

test('a closed journal takes nothing any more, and closing twice is fine', async () => {
  const journal = await open()
  await journal[Symbol.asyncDispose]()
  await journal[Symbol.asyncDispose]()
  await expect(journal.append(1, [])).rejects.toMatchObject({ code: 'unavailable', message: 'The journal is closed.' })
  expect(journal.appendSoon(1, [])).toBe(false)
  expect(journal.status()).toMatchObject({ healthy: false, detail: 'closed' })
})

test('reading holds a window in memory, not the journal', async () => {
  await using journal = await open({ segmentBytes: 64 * 1024 * 1024 })
  const payload = [Buffer.alloc(100_000, 'x')]
  await Promise.all(Array.from({ length: 400 }, () => journal.append(1, payload)))
  const to = journal.durable()
  let frames = 0
  let peak = 0
  for await (const frame of readFrames({ dir, from: { segment: 0, offset: 0 }, to })) {
    frames++
    peak = Math.max(peak, frame.payload.buffer.byteLength)
  }
  expect(frames).toBe(400)
  expect(peak).toBeLessThan(1024 * 1024)
})

test('what kill -9 finds acknowledged is there afterwards, in order and once', async () => {
  const child = join(import.meta.dirname, 'appending-child.ts')
  let known = 0
  for (let round = 0; round < 8; round++) {
    const appending = fork(child, [dir, String(known)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const exited = new Promise((resolve) => appending.once('exit', resolve))
    const target = known + 50 + 97 * round
    appending.on('message', (id: number) => {
      known = id
      if (id >= target) appending.kill('SIGKILL')
    })
    await exited
    expect(known).toBeGreaterThanOrEqual(target)
    await using journal = await open({ segmentBytes: 64 * 1024 })
    const to = journal.durable()
    let last = 0
    for await (const frame of readFrames({ dir, from: { segment: 0, offset: 0 }, to })) {
      expect(frame.payload.readUInt32LE(0)).toBe(last + 1)
      last = frame.payload.readUInt32LE(0)
    }
    expect(last).toBeGreaterThanOrEqual(known)
    known = last
  }
  expect(await verifyChain(dir)).toMatchObject({ frames: known, damage: [], tornBytes: 0 })
})

describe('on a disk that is really full', () => {
  const run = promisify(execFile)

  test('no acknowledged record is lost, what ends is written, and room brings it back', async (context) => {
    if (process.getuid?.() !== 0) context.skip('mounting a tmpfs needs root')
    const disk = join(root, 'disk')
    await mkdir(disk)
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=0700', 'tmpfs', disk]).then(
      () => true,
      () => false,
    )
    if (!mounted) context.skip('this machine does not let root mount a tmpfs')
    try {
      await fillAndEmpty(disk)
    } finally {
      await run('umount', [disk])
    }
  })

  async function fillAndEmpty(disk: string): Promise<void> {
    dir = join(disk, 'journal')
    const options = { segmentBytes: 1024 * 1024, reserveBytes: 1024 * 1024 }
    const acknowledged: number[] = []
    const append = async (journal: Awaited<ReturnType<typeof open>>, id: number, closing = false) => {
      const payload = Buffer.alloc(3_400, 'x')
      payload.writeUInt32LE(id)
      await journal.append(1, [payload], { closing })
      acknowledged.push(id)
    }
    await using journal = await open(options)
    let id = 0
    while (journal.status().healthy) {
      const ids = Array.from({ length: 16 }, () => ++id)
      await Promise.allSettled(ids.map((each) => append(journal, each)))
    }
    await expect(append(journal, ++id)).rejects.toMatchObject({ code: 'unavailable' })
    for (let i = 0; i < 100; i++) await append(journal, ++id, true)
    expect(await ids()).toEqual(acknowledged.toSorted((a, b) => a - b))

    await run('mount', ['-o', 'remount,size=40m', disk])
    for (let i = 0; i < 100; i++) await append(journal, ++id)
    expect(journal.status()).toMatchObject({ healthy: true, detail: '' })
    expect(await ids()).toEqual(acknowledged.toSorted((a, b) => a - b))
    expect((await verifyChain(dir)).damage).toEqual([])
  }

  async function ids(): Promise<number[]> {
    const read: number[] = []
    for await (const frame of readFrames({ dir, from: { segment: 0, offset: 0 } }))
      read.push(frame.payload.readUInt32LE(0))
    return read
  }
})

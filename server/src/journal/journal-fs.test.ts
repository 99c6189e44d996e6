/** What the journal relies on, held against the real file system and against the disk that tests use. */
import { constants, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type JournalFs, readFully, writeAll } from './journal-fs.ts'
import { nodeFs } from './node-fs.ts'
import { FaultyDisk } from './testing.ts'

interface Ground extends AsyncDisposable {
  readonly fs: JournalFs
  readonly dir: string
}

const grounds: readonly (readonly [string, () => Promise<Ground>])[] = [
  [
    'the real file system',
    async () => {
      const root = await mkdtemp(join(tmpdir(), 'reeve-fs-'))
      return {
        fs: nodeFs,
        dir: join(root, 'journal'),
        [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
      }
    },
  ],
  [
    'the disk of the tests',
    () => {
      const disk = new FaultyDisk()
      return Promise.resolve({ fs: disk.boot(), dir: disk.directory, [Symbol.asyncDispose]: () => Promise.resolve() })
    },
  ],
]

describe.each(grounds)('%s', (_, make) => {
  test('makes a directory that is its owner’s alone, and leaves one that is there', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await fs.makeDirectory(dir)
    await fs.makeDirectory(dir)
    expect(await fs.inspect(dir)).toMatchObject({ type: 'directory', mode: 0o700, ownerId: fs.userId })
    expect(await fs.list(dir)).toEqual([])
    await fs.syncDirectory(dir)
  })

  test('writes at positions, reads back, and ends where the file ends', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    expect(await writeAll(file, [Buffer.from('hello '), Buffer.from('world')], 0)).toBe(11)
    expect(await file.writev([Buffer.from('W')], 6)).toBe(1)
    await file.datasync()
    expect(await file.size()).toBe(11)
    expect((await readFully(file, Buffer.alloc(64), 0)).toString()).toBe('hello World')
    expect(await file.read(Buffer.alloc(8), 11)).toBe(0)
    expect(await file.read(Buffer.alloc(8), 100)).toBe(0)
    await file.truncate(5)
    await file.truncate(7)
    expect((await readFully(file, Buffer.alloc(64), 0)).toString()).toBe('hello\0\0')
    await file.close()
    expect(await fs.inspect(join(dir, 'a'))).toMatchObject({ type: 'file', mode: 0o600, size: 7 })
  })

  test('writes durably what others read, also under another name', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    await fs.rename(join(dir, 'a'), join(dir, 'b'))
    expect(await writeAll(file, [Buffer.from('hello '), Buffer.from('world')], 0, 'writevDurably')).toBe(11)
    expect(await file.writev([Buffer.from('W')], 6)).toBe(1)
    const reader = await fs.open(join(dir, 'b'), 'read')
    expect((await readFully(reader, Buffer.alloc(64), 0)).toString()).toBe('hello World')
    await reader.close()
    await file.close()
  })

  test('an open file stays the same file under another name', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    await fs.rename(join(dir, 'a'), join(dir, 'b'))
    await fs.link(join(dir, 'b'), join(dir, 'c'))
    await writeAll(file, [Buffer.from('same')], 0)
    await file.close()
    await fs.unlink(join(dir, 'b'))
    expect(await fs.list(dir)).toEqual(['c'])
    const again = await fs.open(join(dir, 'c'), 'read')
    expect((await readFully(again, Buffer.alloc(9), 0)).toString()).toBe('same')
    await again.close()
  })

  test('says by code what is wrong', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await expect(fs.inspect(dir)).rejects.toMatchObject({ code: 'ENOENT' })
    await fs.makeDirectory(dir)
    await expect(fs.open(join(dir, 'a'), 'read')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(fs.unlink(join(dir, 'a'))).rejects.toMatchObject({ code: 'ENOENT' })
    await (await fs.create(join(dir, 'a'))).close()
    await expect(fs.create(join(dir, 'a'))).rejects.toMatchObject({ code: 'EEXIST' })
    await (await fs.create(join(dir, 'b'))).close()
    await expect(fs.link(join(dir, 'a'), join(dir, 'b'))).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await fs.freeBytes(dir)).toBeGreaterThan(0)
  })

  test('gives a directory to one holder at a time', async () => {
    await using ground = await make()
    const { fs, dir } = ground
    await fs.makeDirectory(dir)
    {
      await using _ = await fs.lock(dir)
      await expect(fs.lock(dir)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(dir) })
    }
    await (await fs.lock(dir))[Symbol.asyncDispose]()
  })
})

test('a file of the real file system waits for the disk where it says so, and lets go of all that it held', async () => {
  const root = await mkdtemp(join(tmpdir(), 'reeve-fs-'))
  try {
    const path = join(realpathSync(root), 'a')
    const file = await nodeFs.create(path)
    const waits = flagsOf(path).map((flags) => (flags & constants.O_DSYNC) === constants.O_DSYNC)
    expect(waits.toSorted()).toEqual([false, true])
    await file.close()
    expect(flagsOf(path)).toEqual([])
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

/** How this process has a file open, once for each descriptor. */
function flagsOf(path: string): number[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return []
      return [Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)]
    } catch {
      // The descriptor that the directory itself was read with.
      return []
    }
  })
}

describe('the disk of the tests', () => {
  const dir = '/journal'
  const random = () => 0

  test('forgets in a power cut what was not synced, names included', async () => {
    const disk = new FaultyDisk()
    const fs = disk.boot()
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    await writeAll(file, [Buffer.from('kept')], 0)
    await file.datasync()
    await fs.syncDirectory(dir)
    await writeAll(file, [Buffer.from(' lost')], 4)
    await (await fs.create(join(dir, 'b'))).close()
    disk.powerLoss({ random })
    expect(disk.names).toEqual(['a'])
    expect(disk.read('a').toString()).toBe('kept')
  })

  test('keeps everything when only the process dies, and answers it no more', async () => {
    const disk = new FaultyDisk()
    const fs = disk.boot()
    await fs.makeDirectory(dir)
    await writeAll(await fs.create(join(dir, 'a')), [Buffer.from('cache')], 0)
    disk.crash()
    expect(disk.read('a').toString()).toBe('cache')
    const late = fs.list(dir).then(() => 'answered')
    expect(await Promise.race([late, disk.boot().list(dir)])).toEqual(['a'])
  })

  test('never brings to the disk what a failed fdatasync was about, whatever a later one says', async () => {
    const disk = new FaultyDisk()
    const fs = disk.boot()
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    await fs.syncDirectory(dir)
    await writeAll(file, [Buffer.from('gone')], 0)
    disk.fault = (operation) => (operation === 'datasync' ? 'EIO' : null)
    await expect(file.datasync()).rejects.toMatchObject({ code: 'EIO' })
    disk.fault = () => null
    await file.datasync()
    disk.powerLoss({ random })
    expect(disk.read('a').toString()).toBe('')
  })

  test('keeps of what was written durably all, and of the rest nothing that was there before it', async () => {
    const disk = new FaultyDisk()
    const fs = disk.boot()
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    await fs.syncDirectory(dir)
    await writeAll(file, [Buffer.from('old old old')], 0)
    await writeAll(file, [Buffer.from('new')], 4, 'writevDurably')
    const all = () => 0.999
    disk.powerLoss({ random })
    expect(disk.read('a').toString()).toBe('\0\0\0\0new')
    const again = await disk.boot().open(join(dir, 'a'), 'write')
    await writeAll(again, [Buffer.from('old old old')], 0)
    await writeAll(again, [Buffer.from('new')], 4, 'writevDurably')
    disk.powerLoss({ random: all })
    expect(disk.read('a').toString()).toBe('old new old')
    const last = await disk.boot().open(join(dir, 'a'), 'write')
    disk.fault = (operation) => (operation === 'datasync' ? 'EIO' : null)
    await expect(last.writevDurably([Buffer.from('NEW')], 4)).rejects.toMatchObject({ code: 'EIO' })
    disk.powerLoss({ random: all })
    expect(disk.read('a').toString()).toBe('old new old')
  })

  test('writes as much as fits, and then says that nothing does', async () => {
    const disk = new FaultyDisk()
    disk.capacityBytes = 6
    const fs = disk.boot()
    await fs.makeDirectory(dir)
    const file = await fs.create(join(dir, 'a'))
    expect(await file.writev([Buffer.from('four'), Buffer.from('more')], 0)).toBe(6)
    await expect(file.writev([Buffer.from('x')], 6)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await file.writev([Buffer.from('over')], 0)).toBe(4)
  })
})

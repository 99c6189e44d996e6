import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { restoreSnapshot } from './restore-snapshot.ts'
import { snapshots } from './snapshot-commands.ts'
import { openSnapshotStore } from './snapshot-store.ts'
import { isWhole, takeSnapshot, usualLimits } from './take-snapshot.ts'

let root: string
let workspace: string
const clock = manualClock()
const free = () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() })

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reeve-snapshot-'))
  workspace = join(root, 'w')
  mkdirSync(join(workspace, 'src/deep'), { recursive: true })
  execFileSync('git', ['init', '-q', workspace])
  writeFileSync(join(workspace, 'src/a.ts'), 'export {}\n')
  writeFileSync(join(workspace, 'src/run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(workspace, 'src/deep/data'), Buffer.from([0, 255, 10, 13, 0]))
  writeFileSync(join(workspace, 'empty'), '')
  writeFileSync(join(workspace, 'large'), Buffer.alloc(300_000, 'large'))
  writeFileSync(join(workspace, 'chunk'), Buffer.alloc(262_144, 'c'))
  symlinkSync('src/a.ts', join(workspace, 'link'))
  symlinkSync('/nowhere', join(workspace, 'broken'))
  mkdirSync(join(workspace, 'locked'))
  writeFileSync(join(workspace, 'locked/in'), 'x', { mode: 0o400 })
  chmodSync(join(workspace, 'locked'), 0o555)
})
afterEach(() => {
  // Whoever is not root cannot take away what lies in a folder that may not be written to.
  execFileSync('chmod', ['-R', 'u+rwX', root])
  rmSync(root, { recursive: true, force: true })
})

const store = () => openSnapshotStore(join(root, 'state'), workspace)
const take = (limits = usualLimits) => takeSnapshot({ store: store(), workspace, session: null, clock, limits })

/** Everything that can be told of a tree, byte for byte. */
function portrait(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      const stat = lstatSync(path)
      const head = `${path} ${(stat.mode & 0o7777).toString(8)}`
      if (stat.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`]
      if (stat.isDirectory()) return [head, ...portrait(path)]
      return [`${head} ${Math.floor(stat.mtimeMs)} ${readFileSync(path).toString('hex')}`]
    })
}

test('F06 a workspace that was deleted comes back byte for byte, with its modes, links and repository', () => {
  const before = portrait(workspace)
  const snapshot = take()
  expect(isWhole(snapshot)).toBe(true)
  chmodSync(join(workspace, 'locked'), 0o755)
  execFileSync('sh', ['-c', 'rm -rf * .[!.]*'], { cwd: workspace })
  expect(readdirSync(workspace)).toEqual([])
  expect(restoreSnapshot(store(), snapshot)).toMatchObject({ kept: null, unchanged: 0 })
  expect(portrait(workspace)).toEqual(before)
})

test('what stands in the way is kept, and what is new stays', () => {
  const snapshot = take()
  writeFileSync(join(workspace, 'src/a.ts'), 'rewritten')
  rmSync(join(workspace, 'src/deep'), { recursive: true })
  writeFileSync(join(workspace, 'src/deep'), 'a file now')
  writeFileSync(join(workspace, 'src/new.ts'), 'new')
  const { kept, written } = restoreSnapshot(store(), snapshot)
  expect(written).toBe(3)
  expect(readFileSync(join(workspace, 'src/a.ts'), 'utf8')).toBe('export {}\n')
  expect(readFileSync(join(workspace, 'src/new.ts'), 'utf8')).toBe('new')
  expect(readFileSync(join(kept!, 'src/a.ts'), 'utf8')).toBe('rewritten')
  expect(readFileSync(join(kept!, 'src/deep'), 'utf8')).toBe('a file now')
})

test('one path is restored with the folders that it is in, and nothing beside it', () => {
  const snapshot = take()
  rmSync(join(workspace, 'src'), { recursive: true })
  rmSync(join(workspace, 'empty'))
  restoreSnapshot(store(), snapshot, './src/deep/')
  expect(readdirSync(workspace)).not.toContain('empty')
  expect(readdirSync(join(workspace, 'src'))).toEqual(['deep'])
  expect(() => restoreSnapshot(store(), snapshot, 'none')).toThrow('not in the snapshot')
})

test('F03 a link in place of a folder does not lead the restore out of the workspace', () => {
  const snapshot = take()
  const outside = join(root, 'outside')
  mkdirSync(outside)
  rmSync(join(workspace, 'src'), { recursive: true })
  symlinkSync(outside, join(workspace, 'src'))
  const { kept } = restoreSnapshot(store(), snapshot)
  expect(readdirSync(outside)).toEqual([])
  expect(readlinkSync(join(kept!, 'src'))).toBe(outside)
})

test('contents are kept once, and unchanged files are not read again', () => {
  writeFileSync(join(workspace, 'twin'), 'export {}\n')
  const first = take()
  const objects = () => readdirSync(join(store().folder, 'objects'), { recursive: true }).length
  const count = objects()
  const before = store()
  const kept: string[] = []
  const watched = { ...before, keep: (path: string) => (kept.push(path), before.keep(path)) }
  writeFileSync(join(workspace, 'empty'), 'no more')
  const second = takeSnapshot({ store: watched, workspace, session: null, clock })
  expect(kept).toEqual([join(workspace, 'empty')])
  expect(second.entries.length).toBe(first.entries.length)
  expect(objects()).toBeGreaterThan(count)
  const later = Array.from({ length: 6 }, () => take())
  store().prune(2)
  expect(store().list()).toEqual(later.toReversed().slice(0, 2))
  rmSync(join(workspace, 'src'), { recursive: true })
  restoreSnapshot(store(), later[5]!)
  expect(readFileSync(join(workspace, 'src/a.ts'), 'utf8')).toBe('export {}\n')
})

test('what is left out is named', () => {
  mkdirSync(join(workspace, 'node_modules/x'), { recursive: true })
  execFileSync('mkfifo', [join(workspace, 'pipe')])
  const snapshot = take()
  expect(snapshot.left).toEqual([
    { path: 'node_modules', why: 'ignored' },
    { path: 'pipe', why: 'neither file, folder nor link' },
  ])
  expect(isWhole(snapshot)).toBe(false)
  expect(take({ ...usualLimits, entriesMax: 3 }).left.some(({ why }) => why === 'more than 3 entries')).toBe(true)
  rmSync(join(root, 'state'), { recursive: true })
  expect(take({ ...usualLimits, bytesMax: 10 }).left.some(({ why }) => why === 'more than 10 bytes')).toBe(true)
})

test('damaged contents are not written', () => {
  const snapshot = take()
  const file = snapshot.entries.find(({ path }) => path === 'src/a.ts')
  if (file?.kind !== 'file') throw new Error('not kept')
  const object = join(store().folder, 'objects', file.hash.slice(0, 2), file.hash.slice(2))
  chmodSync(object, 0o600)
  writeFileSync(object, 'something')
  rmSync(join(workspace, 'src'), { recursive: true })
  expect(() => restoreSnapshot(store(), snapshot, 'src/a.ts')).toThrow('damaged')
  expect(readdirSync(join(workspace, 'src'))).toEqual([])
})

test('the command lists, shows and restores, and not while a session runs', async () => {
  const told: string[] = []
  const run = (words: readonly string[], lock: () => Promise<AsyncDisposable | null> = free) =>
    snapshots({ words, workspace, stateDirectory: join(root, 'state'), lock, write: (text) => told.push(text) })
  await run([])
  takeSnapshot({ store: store(), workspace, session: '01990000-0000-7000-8000-000000000000', clock })
  rmSync(join(workspace, 'src/a.ts'))
  await run(['list'])
  await run(['show', 'latest'])
  await expect(run(['restore', 'latest'], () => Promise.resolve(null))).rejects.toThrow('still runs')
  await expect(run(['restore', 'nothing'])).rejects.toThrow('no snapshot')
  await run(['restore', 'latest', '--path', 'src/a.ts'])
  expect(readFileSync(join(workspace, 'src/a.ts'), 'utf8')).toBe('export {}\n')
  expect(told[0]).toContain('no snapshots of')
  expect(told.join('')).toMatch(/0755 file {3}"src\/run.sh"[^]*restored 1, unchanged 1/)
})

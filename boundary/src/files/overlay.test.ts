import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openOverlay } from './overlay.ts'
import { overlays } from './overlay-commands.ts'

let root: string
let workspace: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reeve-overlay-'))
  workspace = join(root, 'w')
  mkdirSync(join(workspace, 'src'), { recursive: true })
  mkdirSync(join(workspace, 'node_modules/x'), { recursive: true })
  writeFileSync(join(workspace, 'src/a'), 'one')
  writeFileSync(join(workspace, 'src/b'), 'two')
  writeFileSync(join(workspace, 'same'), 'same')
  symlinkSync('src/a', join(workspace, 'link'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const clock = manualClock()
const free = () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() })

async function run(
  verb: 'changes' | 'apply' | 'discard',
  words: readonly string[] = [],
  lock: () => Promise<AsyncDisposable | null> = free,
) {
  const told: string[] = []
  await overlays({
    verb,
    words,
    workspace,
    stateDirectory: join(root, 'state'),
    clock,
    lock,
    write: (text) => told.push(text),
  })
  return told.join('')
}

/** A session that adds, changes, deletes and makes executable. */
function worked(session = 's1'): string {
  const { tree } = openOverlay({ stateDirectory: join(root, 'state'), workspace, clock }, session)
  writeFileSync(join(tree, 'src/a'), 'changed')
  rmSync(join(tree, 'src/b'))
  chmodSync(join(tree, 'same'), 0o755)
  mkdirSync(join(tree, 'new/deep'), { recursive: true })
  writeFileSync(join(tree, 'new/deep/file'), 'added')
  return tree
}

test('the workspace is untouched until the changes are taken over', async () => {
  const tree = worked()
  expect(readdirSync(join(tree, 'node_modules'))).toEqual(['x'])
  expect(readFileSync(join(workspace, 'src/a'), 'utf8')).toBe('one')
  expect(await run('changes')).toBe(
    '+ "new"\n+ "new/deep"\n+ "new/deep/file"\n~ "same"\n~ "src/a"\n- "src/b"\n6 changes of the session s1\n',
  )
  expect(await run('apply')).toContain('taken over: 6')
  expect(readFileSync(join(workspace, 'src/a'), 'utf8')).toBe('changed')
  expect(readFileSync(join(workspace, 'new/deep/file'), 'utf8')).toBe('added')
  expect(readdirSync(join(workspace, 'src'))).toEqual(['a'])
  await expect(run('changes')).rejects.toThrow('No session has changes')
  const kept = readdirSync(workspace).find((name) => name.startsWith('.reeve-kept'))
  expect(readFileSync(join(workspace, kept!, 'src/a'), 'utf8')).toBe('one')
  expect(readFileSync(join(workspace, kept!, 'src/b'), 'utf8')).toBe('two')
})

test('what a person changed meanwhile is kept', async () => {
  worked()
  writeFileSync(join(workspace, 'src/a'), 'a person was here')
  const kept = /lies in (.*)\n/.exec(await run('apply'))?.[1]
  expect(readFileSync(join(kept!, 'src/a'), 'utf8')).toBe('a person was here')
})

test('changes that are dropped leave nothing', async () => {
  const before = execFileSync('find', [workspace], { encoding: 'utf8' })
  worked()
  await run('discard')
  expect(execFileSync('find', [workspace], { encoding: 'utf8' })).toBe(before)
  expect(readdirSync(join(root, 'state/overlays'))).toEqual([])
  expect(readdirSync(join(root, 'state/snapshots'))).toEqual([])
})

test('a session that still runs keeps its changes to itself, and several are told apart', async () => {
  worked()
  await expect(run('apply', [], () => Promise.resolve(null))).rejects.toThrow('still runs')
  worked('s2')
  await expect(run('apply')).rejects.toThrow('which one')
  expect(await run('changes', ['s2'])).toContain('of the session s2')
})

test('F03 a link that the session left in place of a folder does not lead what is taken over elsewhere', async () => {
  const outside = join(root, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'b'), 'precious')
  const tree = worked()
  rmSync(join(tree, 'src'), { recursive: true })
  symlinkSync(outside, join(tree, 'src'))
  await run('apply')
  expect(readFileSync(join(outside, 'b'), 'utf8')).toBe('precious')
})

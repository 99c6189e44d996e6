import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, manualClock } from '@reeve/base'
import { parsePolicy } from '@reeve/policy'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommandLine } from '../config/command-line.ts'
import { otherUse } from '../other-uses.ts'
import { sessionFiles } from './session-files.ts'

let home: string
let workspace: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-files-')))
  workspace = join(home, 'project')
  mkdirSync(workspace)
  writeFileSync(join(workspace, 'a'), 'hello')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const clock = manualClock()

function prepare(mode: 'direct' | 'snapshot' | 'overlay', tier: 1 | 2 = 1, program = 'sh') {
  const { policy } = parsePolicy(`apiVersion: reeve/v1\nname: f\nfiles: { workspace: ${mode} }\n`)
  const files = policy!.files!
  const session = '01990000-0000-7000-8000-000000000000'
  return sessionFiles({
    policy: files,
    tier,
    session,
    workspace,
    command: [program],
    env: {},
    home,
    commands: [],
    clock,
    ignore: null,
  })
}

/** A use of the command besides running one: what it wrote, and its exit code. */
async function use(...argv: readonly string[]): Promise<readonly [string, number]> {
  const told: string[] = []
  const write = (text: string) => void told.push(text)
  const around = { env: {}, home, readFile: () => null, cwd: workspace, clock, write, warn: write }
  const code = await otherUse(readCommandLine(argv), around)
  return [told.join(''), code]
}

test('a policy that wants a snapshot has one before the command starts, and restoring brings back what it deleted', async () => {
  prepare('snapshot')
  rmSync(join(workspace, 'a'))
  expect((await use('snapshots'))[0]).toContain('1 entries')
  expect(await use('snapshots', 'restore', 'latest')).toEqual(['restored 1, unchanged 0\n', 0])
})

test('a direct workspace is not copied', async () => {
  prepare('direct')
  expect((await use('snapshots'))[0]).toContain('no snapshots')
})

test('an overlay is laid where the workspace is, and refused where it cannot be', async () => {
  const { mounts, notes } = prepare('overlay')
  const laid = mounts.find(({ at }) => at === workspace)
  expect(laid).toMatchObject({ kind: 'write', from: expect.stringContaining('/overlays/') })
  expect(notes.at(-1)).toContain('boundary changes')
  expect((await use('changes'))[0]).toContain('0 changes')
  expect(() => prepare('overlay', 2)).toThrow('needs tier 1')
})

test('an agent that runs for the first time keeps its conversations: their folder is made and can be written', () => {
  const folders = ({ write }: { readonly write: readonly string[] }) => write.filter((path) => path.startsWith(home))
  expect(folders(prepare('direct'))).toEqual([])
  expect(folders(prepare('direct', 1, '/opt/bin/claude'))).toEqual([join(home, '.claude')])
  expect(folders(prepare('direct', 2, 'codex'))).toEqual([join(home, '.codex')])
})

test('an address is explained by the flags’ own policy, and not without any', async () => {
  expect((await use('explain-url', '--allow', 'domain=a.test', 'https://b.test/'))[1]).toBe(1)
  await expect(use('explain-url', 'https://a.test/')).rejects.toThrow(Fault)
})

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { recordingLog, systemClock } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { whySkipped } from '../../../test/support/why-skipped.ts'
import { systemAccount } from '../db/embedded/account.ts'
import { type ControlGroups, controlGroups } from './control-groups.ts'
import { openProcessHost, type OpenedHost } from './process-host.ts'

const workspace = 'a0000000-0000-4000-8000-000000000011'
const other = 'a0000000-0000-4000-8000-000000000012'
const account = await systemAccount('reeve-workspaces', { message: 'no system user', fix: '' })
const groups = controlGroups()
const none: ControlGroups = {
  can: { memory: false, cpu: false },
  make: () => [],
  hadTooLittle: () => false,
  remove: async () => {},
}

let folder: string
const open = (which = groups): Promise<OpenedHost> =>
  openProcessHost({
    folder: join(folder, 'workspaces'),
    account,
    readable: [],
    hidden: [],
    node: process.execPath,
    processesMax: 1_000,
    groups: which,
    memoryBytes: 2 ** 31,
    network: null,
    forbidden: null,
    graceMs: 200,
    clock: systemClock,
    log: recordingLog(),
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-groups-'))
})
afterEach(async () => {
  const host = await open()
  for (const id of [workspace, other]) await host.removeHome(id)
  rmSync(folder, { recursive: true, force: true })
})

const written = async (name: string, id = workspace): Promise<string> => {
  const path = join(folder, 'workspaces', id, 'home', name)
  await expect.poll(() => existsSync(path)).toBe(true)
  return readFileSync(path, 'utf8')
}
const bounds = { memoryBytes: null, cpus: null }
const order = (script: string, changes: Partial<typeof bounds | { memoryBytes: number; cpus: number }> = {}) => ({
  hostname: 'desk',
  script,
  env: {},
  ...bounds,
  ...changes,
})

test('a workspace that needs more memory than it has loses a process, and its neighbour none', async (context) => {
  const skipped = whySkipped('bounds of memory', (await open()).refusal?.problem ?? (groups.can.memory ? null : 'no control groups')) // prettier-ignore
  if (skipped !== null) return context.skip(skipped)
  const host = await open()
  await host.start(other, order('touch here; exec sleep 1000'))
  await written('here', other)
  const hungry = `"$REEVE_NODE" -e 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1))'; echo $? >end.part; mv end.part end; exec sleep 1000`
  const id = await host.start(workspace, order(hungry, { memoryBytes: 2 ** 28 }))
  expect(await written('end')).toBe('137\n')
  expect(groups.hadTooLittle(workspace)).toBe(true)
  expect(groups.hadTooLittle(other)).toBe(false)
  expect(await host.isRunning(workspace, id)).toBe(true)
  const made = dirname(groups.make(workspace, bounds)[0]!)
  await host.stop(workspace)
  expect(existsSync(made)).toBe(false)
})

test('a workspace with a tenth of a processor is held to that', async (context) => {
  const skipped = whySkipped('bounds of processors', (await open()).refusal?.problem ?? (groups.can.cpu ? null : 'no control groups')) // prettier-ignore
  if (skipped !== null) return context.skip(skipped)
  const host = await open()
  await host.start(
    workspace,
    order('for one in 1 2 3 4; do while :; do :; done & done; touch busy; wait', { cpus: 0.1 }),
  )
  await written('busy')
  const files = groups.make(workspace, { memoryBytes: null, cpus: 0.1 }).map((path) => join(dirname(path), 'cpu.stat'))
  const throttled = () =>
    files.some((path) => existsSync(path) && /nr_throttled [1-9]/.test(readFileSync(path, 'utf8')))
  await expect.poll(throttled).toBe(true)
})

test('a bound that cannot be had is refused in words, and none is where none is asked for', async (context) => {
  const host = await open(none)
  const skipped = whySkipped('workspaces on this machine', host.refusal?.problem ?? null)
  if (skipped !== null) return context.skip(skipped)
  await expect(host.start(workspace, order('true', { memoryBytes: 2 ** 28 }))).rejects.toThrow(
    'does not let the server bound the memory of one workspace',
  )
  await expect(host.start(workspace, order('true', { cpus: 1 }))).rejects.toThrow('bound the processors')
  await host.start(workspace, order('touch up; sleep 1000'))
  await written('up')
})

test('in version 2 a group lies beside the server’s own, and has its bounds', () => {
  const mount = join(folder, 'cgroup')
  const slice = join(mount, 'system.slice')
  mkdirSync(join(slice, 'reeve.service'), { recursive: true })
  writeFileSync(join(mount, 'cgroup.controllers'), 'cpu memory pids\n')
  const second = controlGroups(mount, '0::/system.slice/reeve.service\n')
  expect(second.can).toEqual({ memory: true, cpu: true })
  const group = join(slice, 'reeve-workspace-desk')
  expect(second.make('desk', { memoryBytes: 2 ** 28, cpus: 1.5 })).toEqual([join(group, 'cgroup.procs')])
  const said = ['memory.max', 'memory.swap.max', 'cpu.max'].map((name) => readFileSync(join(group, name), 'utf8'))
  expect(said).toEqual(['268435456', '0', '150000 100000'])
  second.make('desk', bounds)
  expect(readFileSync(join(group, 'memory.max'), 'utf8')).toBe('max')
  writeFileSync(join(group, 'memory.events'), 'oom 3\noom_kill 0\n')
  expect(second.hadTooLittle('desk')).toBe(false)
  writeFileSync(join(group, 'memory.events'), 'oom 3\noom_kill 1\n')
  expect(second.hadTooLittle('desk')).toBe(true)
})

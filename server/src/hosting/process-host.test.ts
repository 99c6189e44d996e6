import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, systemClock } from '@reeve/base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { processTree } from '../../../test/support/processes.ts'
import { whySkipped } from '../../../test/support/why-skipped.ts'
import { systemAccount } from '../db/embedded/account.ts'
import type { ProcessHost } from '../provisioning/process-host.ts'
import { controlGroups } from './control-groups.ts'
import { homePath } from './jail.ts'
import { knownProcess, readRecord } from './process-record.ts'
import type { HostOptions } from './host-options.ts'
import { openProcessHost, type OpenedHost } from './process-host.ts'

const workspace = 'a0000000-0000-4000-8000-000000000001'
const other = 'a0000000-0000-4000-8000-000000000002'
const account = await systemAccount('reeve-workspaces', { message: 'no system user', fix: '' })

let folder: string
const log = recordingLog()
const open = (changes: Partial<HostOptions> = {}): Promise<OpenedHost> =>
  openProcessHost({
    folder: join(folder, 'data', 'workspaces'),
    account,
    readable: [],
    hidden: [join(folder, 'data')],
    node: process.execPath,
    processesMax: 1_000,
    groups: controlGroups(),
    memoryBytes: 2 ** 31,
    network: null,
    forbidden: null,
    graceMs: 10_000,
    clock: systemClock,
    log,
    ...changes,
  })

const probeFolder = mkdtempSync(join(tmpdir(), 'reeve-host-'))
folder = probeFolder
const { refusal } = await open()
rmSync(probeFolder, { recursive: true, force: true })
const skipped = whySkipped('workspaces on this machine', refusal?.problem ?? null)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-host-'))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
})
afterEach(async () => {
  const host = await open()
  for (const id of [workspace, other]) await host.removeHome(id)
  rmSync(folder, { recursive: true, force: true })
})

const home = (id = workspace): string => join(folder, 'data', 'workspaces', id, 'home')
/** What the script has put into a file of the home, when it is there. */
const written = async (name: string, id = workspace): Promise<string> => {
  await expect.poll(() => existsSync(join(home(id), name))).toBe(true)
  return readFileSync(join(home(id), name), 'utf8')
}
const order = (script: string, env: Record<string, string> = {}) => ({
  hostname: 'Billing desk',
  script,
  env,
  memoryBytes: null,
  cpus: null,
})
const last = (name: string): string => `mv ${name}.part ${name}; exec sleep 1000`

describe.skipIf(skipped !== null)('a process of a workspace', () => {
  test('sees its home and the system’s programs, and nothing of the server', async () => {
    writeFileSync(join(folder, 'data', 'key'), 'secret')
    const host = await open()
    expect(await host.openHome(workspace)).toMatchObject({ path: homePath })
    const look = `{ pwd; id -un; hostname; echo "$COLOUR"; "$REEVE_NODE" -p 6*7
      cat ${join(folder, 'data', 'key')} || echo closed; ls /home; ls /root /etc/shadow; env | grep -c '^REEVE' ; ls /proc | grep -c '^[0-9]'
    } >seen.part 2>/dev/null; ${last('seen')}`
    await host.start(workspace, order(look, { COLOUR: 'teal; $(touch /tmp/no)' }))
    const [cwd, user, machine, colour, answer, key, homes, ...rest] = (await written('seen')).trim().split('\n')
    expect([cwd, user, machine, colour, answer, key, homes]).toEqual([
      homePath,
      'user',
      'billing-desk',
      'teal; $(touch /tmp/no)',
      '42',
      'closed',
      'user',
    ])
    expect(rest[0]).toBe('1')
    expect(Number(rest[1])).toBeLessThan(10)
  })

  test('can put up a jail of its own, as a boundary does', async () => {
    const host = await open()
    const nested = 'bwrap --unshare-user --unshare-pid --unshare-net --ro-bind / / --proc /proc --dev /dev echo nested'
    await host.start(workspace, order(`${nested} >jail.part 2>&1; ${last('jail')}`))
    expect(await written('jail')).toBe('nested\n')
  })

  test('is found again by another server, goes on, and is ended by that one', async () => {
    const first = await open()
    const id = await first.start(workspace, order('echo one >>life; exec sleep 1000'))
    const second = await open()
    expect(await second.isRunning(workspace, id)).toBe(true)
    await expect(second.start(workspace, order('true'))).rejects.toThrow('runs on this machine already')
    await second.stop(workspace)
    expect(await second.isRunning(workspace, id)).toBe(false)
    await expect.poll(() => written('life')).toBe('one\n')
    await second.start(workspace, order('echo two >>life; mv life lives; exec sleep 1000'))
    expect(await written('lives')).toBe('one\ntwo\n')
  })

  test('is asked to end before it is ended, with all that it has started', async () => {
    const host = await open({ graceMs: 20_000 })
    const script = `trap 'echo bye >parting; exit 0' TERM; setsid sh -c 'while :; do sleep 0.05; echo x >>beat; done' &
      touch ready; while :; do sleep 0.05; done`
    await host.start(workspace, order(script))
    await written('ready')
    await written('beat')
    await host.stop(workspace)
    expect(readFileSync(join(home(), 'parting'), 'utf8')).toBe('bye\n')
    const beats = readFileSync(join(home(), 'beat'), 'utf8')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(readFileSync(join(home(), 'beat'), 'utf8')).toBe(beats)
  })

  test('that does not want to end is killed after its grace', async () => {
    const host = await open({ graceMs: 200 })
    const id = await host.start(workspace, order(`trap '' TERM; touch ready; while :; do sleep 1; done`))
    await written('ready')
    await host.stop(workspace)
    expect(await host.isRunning(workspace, id)).toBe(false)
    expect(log.lines.some(({ message }) => message.includes('did not end in time'))).toBe(true)
  })

  test('ends with all that it has started: a daemon, and what ignores signals', async () => {
    const host = await open()
    // Two forks and a session of its own: no parent, and no signal that it would hear.
    const daemon = `(setsid sh -c 'trap "" TERM HUP INT; touch daemon; while :; do sleep 1; done' </dev/null &)`
    const id = await host.start(workspace, order(`${daemon}; until [ -e go ]; do sleep 0.05; done`))
    await written('daemon')
    const { first } = (await readRecord(join(folder, 'data', 'workspaces', workspace)))!
    const all = processTree(first.pid).flatMap((pid) => knownProcess(pid) ?? [])
    expect(all.length).toBeGreaterThanOrEqual(3)
    writeFileSync(join(home(), 'go'), '')
    const alive = () => all.filter(({ pid, start }) => knownProcess(pid)?.start === start)
    await expect.poll(alive).toEqual([])
    expect(await host.isRunning(workspace, id)).toBe(false)
  })

  test('cannot be left without its first process from inside', async () => {
    const host = await open()
    const script = `kill -9 1; kill -9 -- -1; sleep 0.2; kill -TERM 1; kill -0 1 && touch alive.part; ${last('alive')}`
    const id = await host.start(workspace, order(script))
    await written('alive')
    expect(await host.isRunning(workspace, id)).toBe(true)
  })

  test('that starts processes without end stops at its own bound, and others go on', async () => {
    const host = await open({ processesMax: 200 })
    const bomb = `i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); echo $i >count; done`
    await host.start(workspace, order(`sh -c '${bomb}' 2>bound.part; ${last('bound')}`))
    expect(await written('bound')).toContain('fork')
    expect(Number(readFileSync(join(home(), 'count'), 'utf8'))).toBeLessThanOrEqual(200)
    await host.start(other, order(`sh -c 'true & wait'; touch works.part; ${last('works')}`))
    await written('works', other)
    await host.stop(workspace)
  })

  test.each(['first', 'main'] as const)(
    'does not run any more when its %s process is killed, nothing of it is left, and it is told once',
    async (which) => {
      const host = await open()
      const id = await host.start(workspace, order(`setsid sleep 1000 & touch inner.part; ${last('inner')}`))
      await written('inner')
      const record = await readRecord(join(folder, 'data', 'workspaces', workspace))
      const { first, main } = record!
      const all = processTree(first.pid).flatMap((pid) => knownProcess(pid) ?? [])
      expect(all.length).toBeGreaterThanOrEqual(3)
      process.kill({ first, main }[which].pid, 'SIGKILL')
      await expect.poll(() => host.isRunning(workspace, id)).toBe(false)
      const alive = () => all.filter(({ pid, start }) => knownProcess(pid)?.start === start)
      await expect.poll(alive).toEqual([])
      const told: string[] = []
      const wishes = {
        decide: async () => 'keep' as const,
        lost: async (_: string, why: string) => void told.push(why),
      }
      for (let round = 0; round < 2; round++) await host.tend(wishes, new AbortController().signal)
      expect(told).toEqual(['its process on the machine of the server has ended, or was killed'])
    },
  )

  test('does not begin when its server dies before it is on record', async () => {
    const host = await open()
    await host.openHome(workspace)
    // A folder in the record's place: it cannot be written.
    mkdirSync(join(folder, 'data', 'workspaces', workspace, 'process.json'))
    await expect(host.start(workspace, order('touch begun; sleep 1000'))).rejects.toThrow()
    rmSync(join(folder, 'data', 'workspaces', workspace, 'process.json'), { recursive: true, force: true })
    await host.start(workspace, order('touch later; sleep 1000'))
    await written('later')
    expect(existsSync(join(home(), 'begun'))).toBe(false)
  })

  test('is none where a value would say something to the jail', async () => {
    const host = await open()
    await expect(host.start(workspace, order('true', { A: 'x\0--bind\0/\0/host' }))).rejects.toThrow('NUL')
  })

  test('brings nothing of its environment to what runs outside of the jail', async () => {
    const host = await open()
    const library = join(home(), 'evil.so')
    await host.start(
      workspace,
      order(`touch started; exec sleep 1000`, { LD_PRELOAD: library, BASH_ENV: '/x', ENV: '/x' }),
    )
    await written('started')
  })

  test('reads what the operator lets it read, and cannot change it', async () => {
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    chmodSync(folder, 0o700)
    writeFileSync(join(tools, 'agent'), '#!/bin/sh\necho "I am an agent"\n', { mode: 0o755 })
    const host = await open({ readable: [tools, join(folder, 'missing')] })
    const script = `agent >said.part; touch ${tools}/mine || echo read-only >>said.part; ${last('said')}`
    await host.start(workspace, order(script, { PATH: `${tools}:/usr/bin:/bin` }))
    expect(await written('said')).toBe('I am an agent\nread-only\n')
  })
})

test('no two homes have one port, and a home keeps its own', async () => {
  const forbidden = { problem: 'nothing is started', fix: '' }
  const host = await open({ forbidden })
  const [one, two] = await Promise.all([host.openHome(workspace), host.openHome(other)])
  expect(one.port).not.toBe(two.port)
  expect(await (await open({ forbidden })).openHome(workspace)).toEqual(one)
})

describe.skipIf(skipped !== null)('what servers before have left', () => {
  test('ends where its workspace is stopped, goes where it is deleted, and stays where it runs', async () => {
    const before = await open()
    const [one, two] = [
      await before.start(workspace, order('touch here; exec sleep 1000')),
      await before.start(other, order('touch here; exec sleep 1000')),
    ]
    await written('here')
    await written('here', other)
    const host = await open()
    const never = new AbortController().signal
    const lost = async () => expect.unreachable()
    await host.tend({ decide: async () => 'keep', lost }, never)
    expect([await host.isRunning(workspace, one), await host.isRunning(other, two)]).toEqual([true, true])
    await host.tend({ decide: async (id) => (id === workspace ? 'end' : 'remove'), lost }, never)
    expect([await host.isRunning(workspace, one), await host.isRunning(other, two)]).toEqual([false, false])
    expect(existsSync(join(home(), 'here'))).toBe(true)
    expect(existsSync(join(folder, 'data', 'workspaces', other))).toBe(false)
  })

  test('is told from another process that has its number by now', async () => {
    const host = await open()
    const id = await host.start(workspace, order('exec sleep 1000'))
    await host.stop(workspace)
    const path = join(folder, 'data', 'workspaces', workspace, 'process.json')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const mine = { pid: process.pid, start: '1' }
    writeFileSync(path, JSON.stringify({ boot, first: mine, main: mine }))
    await host.stop(workspace)
    expect(existsSync(path)).toBe(false)
    expect(await host.isRunning(workspace, id)).toBe(false)
  })
})

test('a host that may start nothing says why, and does not try', async () => {
  const forbidden: ProcessHost['refusal'] = { problem: 'REEVE_LOCAL_WORKSPACES is off', fix: 'set it to on' }
  const host = await open({ forbidden })
  expect(host.refusal).toEqual(forbidden)
  await expect(host.start(workspace, order('true'))).rejects.toThrow('is off')
})

test('a host without a Node.js to show says that a jail cannot be made', async () => {
  const host = await open({ node: join(folder, 'no-node') })
  expect(host.refusal?.problem).toContain('no-node')
})

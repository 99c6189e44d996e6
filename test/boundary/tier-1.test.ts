import { type ChildProcess, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoundaryEvent } from '../../boundary/src/audit/event.ts'
import { compiled } from '../../boundary/src/jail/filter-testing.ts'
import { processesWith } from '../../boundary/src/jail/testing.ts'
import { cases, policy as commandPolicy } from './cases.ts'
import { missing, users } from './needs.ts'
import { type Shown, together } from './together.ts'
import { openWorld, type World } from './world.ts'

const lacking = missing(1)
const holds = lacking.length === 0
const here = cases
  .filter(({ tiers = [1, 2] }) => tiers.includes(1))
  .map((one, at) => ({ ...one, key: `${one.id}-${at}` }))

describe.skipIf(!holds)(`tier 1${holds ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`, () => {
  let world: World
  let calls = ''
  let outside = ''
  beforeAll(async () => {
    spawnSync('sh', ['scripts/build-native.sh'])
    world = await openWorld()
    calls = compiled('calls', world.folder)
    outside = mkdtempSync('/var/tmp/reeve-outside-')
    chmodSync(outside, 0o777)
    writeFileSync(join(outside, 'secret'), 'secret\n', { mode: 0o666 })
  })
  afterAll(async () => {
    rmSync(outside, { recursive: true, force: true })
    await world[Symbol.asyncDispose]()
  })

  test('what follows holds for root and for an ordinary user', (context) => {
    if (users.length === 1) context.skip('needs root, and a checkout that another user may read')
    expect(users).toEqual(['root', 'user'])
  })

  describe.each(users)('as %s', (as) => {
    let shown: ReadonlyMap<string, Shown>
    beforeAll(async () => {
      const prelude = `CALLS=${calls}; OUTSIDE=${outside}; SUPERVISOR=${process.pid}; export CALLS OUTSIDE SUPERVISOR; `
      const how = { as, tier: 1, policy: commandPolicy, read: [world.folder] } as const
      shown = await together(
        world,
        here.map((one) => ({ ...one, script: prelude + one.script })),
        how,
      )
    })

    test.each(here)('$id: $holds', ({ key, prints, told }) => {
      const { stdout, stderr, events } = shown.get(key)!
      if (typeof prints === 'string') expect(stdout.trim(), stderr).toBe(prints)
      else expect(stdout.trim(), stderr).toMatch(prints)
      if (told !== undefined) expect(events.map(asFact).join('\n')).toMatch(told)
    })

    test('F01 F13 homes, keys, the record, tokens and other processes are not there', async () => {
      const script = `cat ~/.ssh/id_rsa /etc/shadow /etc/sudoers 2>/dev/null | wc -c
        ls -A ~/.local 2>/dev/null | wc -l; env | grep -c -e hunter2; ls -d /proc/[0-9]* | wc -l`
      const env = { CODER_AGENT_TOKEN: 'hunter2', SSH_AUTH_SOCK: '/run/hunter2' }
      const { stdout, stderr } = await world.inside(script, { as, env: { ...env, CODER_AGENT_TOKEN: '' } })
      const [bytes, entries, variables, processes] = stdout.trim().split('\n').map(Number)
      expect([bytes, entries, variables], stdout + stderr).toEqual([0, 0, 0])
      expect(processes, stdout + stderr).toBeLessThan(8)
    })

    test('F02 nothing outside of the workspace can be written, nor what is protected in it', async () => {
      const places = ['/usr/x', '/etc/x', '/proc/sys/kernel/core_pattern', '.git/hooks/pre-commit', '.git/config', '.bashrc', '.mcp.json', '.vscode/tasks.json'] // prettier-ignore
      const attempts = places.map((path) => `sh -c 'echo x >>${path}' 2>/dev/null && echo wrote ${path}`)
      const script = `${attempts.join('; ')}; mv .git .gone 2>/dev/null && echo moved; echo x >own && cat own`
      expect((await world.inside(script, { as })).stdout.trim()).toBe('x')
    })

    test('F06 deleting everything deletes nothing outside of the workspace', async () => {
      const script =
        'echo x >own; rm -rf --no-preserve-root / 2>/dev/null; rm -rf ~ 2>/dev/null; /usr/bin/ls -d /usr/bin/git'
      const { stdout, home, workspace } = await world.inside(script, { as })
      expect(stdout.trim()).toBe('/usr/bin/git')
      expect(readFileSync(join(home, '.ssh/id_rsa'), 'utf8')).toBe('secret key\n')
      expect(readFileSync(join(workspace, '.git/config'), 'utf8')).toContain('[core]')
      expect(existsSync(join(workspace, 'own'))).toBe(false)
    })

    test('nothing is left and nothing goes out when the supervisor is killed', async () => {
      const word = `/v1/loop-${as}`
      const asked = () => world.requests.filter(({ url }) => url.endsWith(word)).length
      const started = Promise.withResolvers<ChildProcess>()
      const script = `while :; do curl -s https://api.test${word}; done`
      const ending = world.inside(script, { as, onStart: started.resolve })
      const supervisor = await started.promise
      await expect.poll(asked).toBeGreaterThan(2)
      supervisor.kill('SIGKILL')
      const { code } = await ending
      expect(code).toBeNull()
      await expect.poll(() => processesWith(word)).toEqual([])
    })

    test('a supervisor that is killed as soon as somebody was told of a denial has it on record', async () => {
      const onStart = (supervisor: ChildProcess) =>
        supervisor.stdout?.on('data', (text: Buffer) => void (text.includes('dny_') && supervisor.kill('SIGKILL')))
      const script = 'while :; do curl -s https://evil.test/; done'
      const { stdout, code, events } = await world.inside(script, { as, onStart })
      const told = stdout.match(/dny_[0-9A-Z]{26}/g) ?? []
      expect([code, told.length > 0]).toEqual([null, true])
      const kept = new Set(events.map(({ denial }) => denial))
      expect(told.filter((denial) => !kept.has(denial))).toEqual([])
    })

    test('ends as the command did', async () => {
      expect((await world.inside('exit 42', { as })).code).toBe(42)
    })

    test('nothing runs under a policy that cannot be read', async () => {
      const { stdout, code } = await world.inside('echo ran', { as, policy: 'apiVersion: reeve/v9\n' })
      expect([stdout, code === 0]).toEqual(['', false])
    })
  })
})

/** As the supervisor told it, before it had a session, a number and a time. */
const asFact = (event: BoundaryEvent) =>
  JSON.stringify(event, (key, value: unknown) => (['v', 'session', 'seq', 'time'].includes(key) ? undefined : value))

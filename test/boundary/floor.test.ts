import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fact } from '../../boundary/src/audit/event.ts'
import { compiled, helperForTests, isRoot, place, sandbox, type Setting } from '../../boundary/src/jail/filter-testing.ts' // prettier-ignore
import { type FloorCase, floorCases } from './floor-cases.ts'
import { openWorld, type User, type World } from './world.ts'

const helper = helperForTests()
const missing = ['gcc', 'bwrap', 'setpriv'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
const built = helper !== null && missing.length === 0 && process.arch === 'x64'
const namespaces = built && spawnSync('unshare', ['-Urn', 'true']).status === 0
// Another user can run the boundary only where the checkout lies open to it.
const drop = ['--reuid=65533', '--regid=65533', '--clear-groups', '--', process.execPath, '-v']
const users: readonly User[] = isRoot && spawnSync('setpriv', drop).status === 0 ? ['root', 'user'] : ['root']
// What the filter of a container engine refuses by itself nobody is told of; it is the setting of the other tests.
const settings: readonly Setting[] = isRoot ? ['root', 'user'] : ['user']

type Told = Pick<Fact, 'kind' | 'decision' | 'would' | 'rule' | 'reason' | 'file' | 'facts' | 'process'>
const lines = (facts: readonly Told[]) =>
  facts
    .filter(({ kind, facts: more }) => kind === 'file' || (kind === 'call' && more?.['call'] !== 'io_uring_setup'))
    .map(({ file, facts: more, reason }) => [file === null ? more?.['call'] : `${file.op} ${file.path}`, reason])
const at = (tier: 1 | 2) => floorCases.filter(({ tiers = [1, 2] }) => tiers.includes(tier))

/** Each is a denial with a program and a rule that has a name. */
function held(facts: readonly Told[], { told }: FloorCase, said: string): void {
  expect(lines(facts), said).toEqual(told)
  for (const { kind, decision, would, rule, process: by } of facts.filter((one) => one.kind === 'file' || one.kind === 'call')) // prettier-ignore
    expect({ decision, would, rule, named: by?.exe !== null }).toEqual({ decision: 'deny', would: 'deny', rule: kind === 'file' ? 'view' : 'floor', named: true }) // prettier-ignore
}

describe.skipIf(!namespaces)('what the kernel refuses in tier 1 (needs gcc, bwrap, user namespaces)', () => {
  let world: World
  let calls = ''
  const hidden = mkdtempSync('/var/tmp/reeve-hidden-')
  beforeAll(async () => {
    world = await openWorld()
    calls = compiled('calls', world.folder)
  })
  afterAll(async () => {
    rmSync(hidden, { recursive: true })
    await world[Symbol.asyncDispose]()
  })

  describe.each(users)('as %s', (as) => {
    const inside = async (script: string) => {
      const prelude = `CALLS=${calls}; TMPDIR=/tmp; export TMPDIR CALLS; `
      return await world.inside(prelude + script, { as, read: [world.folder] })
    }

    test.each(at(1))('$id: $holds', async (one) => {
      const { stdout, stderr, events } = await inside(one.script)
      expect(stdout.trim(), stderr).toBe(one.prints)
      held(events, one, stderr)
      for (const { denial } of events.filter(({ kind }) => kind === 'call' || kind === 'file')) expect(denial).toMatch(/^dny_/) // prettier-ignore
    })

    test('F02: what is protected in the workspace and what the view hides is told by name', async () => {
      const script = `for f in .git/hooks/x .git/config .mcp.json ${hidden}/x; do sh -c "echo x >>$f"; done 2>/dev/null; mv .git .gone 2>/dev/null; rm .git/config 2>/dev/null; true`
      const { events, workspace, stderr } = await world.inside(script, { as })
      const inWorkspace = (act: string, path: string) => [`${act} ${workspace}/${path}`, 'protected-path']
      expect(lines(events), stderr).toEqual([
        inWorkspace('create', '.git/hooks/x'),
        inWorkspace('write', '.git/config'),
        inWorkspace('write', '.mcp.json'),
        [`create ${hidden}/x`, 'not-writable'],
        inWorkspace('move', '.git'),
        inWorkspace('delete', '.git/config'),
      ])
    })

    test('a program that is refused again and again is counted', async () => {
      const { events } = await inside(`$CALLS ${Array(500).fill('101,16,1,0,0').join(' ')} >/dev/null`)
      const told = events.filter(({ kind }) => kind === 'call')
      expect(told.length).toBeLessThan(20)
      expect(told.reduce((sum, { facts }) => sum + Number(facts?.['count'] ?? 1), 0)).toBe(500)
    })

    test('the last lines name what was refused', async () => {
      const { stderr } = await inside(quietly('echo x >/usr/refused'))
      expect(stderr).toMatch(/denied: create \/usr\/refused ×1/)
    })
  })
})

const quietly = (script: string) => `(${script}) 2>/dev/null`

describe.skipIf(!built)('what the kernel refuses in tier 2 (needs gcc)', () => {
  const tools = place()
  let calls = ''
  beforeAll(() => {
    calls = compiled('calls', tools.path)
  })
  afterAll(() => tools[Symbol.dispose]())

  describe.each(settings)('as %s', (setting) => {
    test.each(at(2))('$id: $holds', async (one) => {
      using around = place()
      const inside = sandbox(helper!, setting, `CALLS=${calls}; export CALLS; ${one.script}`, {
        place: around,
        read: [tools.path, dirname(dirname(process.execPath))],
      })
      const { out, err } = await inside.result
      expect(out.trim(), err).toBe(one.prints)
      held(inside.told().flatMap(({ record }) => (record === undefined ? [] : [record])), one, err) // prettier-ignore
    })
  })
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compiled, hasProgram, helperForTests, isRoot, place, sandbox, type Setting } from '../../boundary/src/jail/filter-testing.ts' // prettier-ignore
import { cases, policy } from './cases.ts'

const helper = helperForTests()
const settings: readonly Setting[] = isRoot ? ['root', 'user', 'container'] : ['user', 'container']
const outside = mkdtempSync('/var/tmp/reeve-outside-')
// Whoever is refused was connected for a moment, before anything could be said.
const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('reached'))
const tools = place()

/** The same folder of tools for all, which nobody inside may write. */
const prelude = (calls: string) =>
  `CALLS=${calls}; NODE=${process.execPath}; OUTSIDE=${outside}; SUPERVISOR=$(grep PPid /proc/$PPID/status | cut -f2); export CALLS NODE OUTSIDE SUPERVISOR; ` // prettier-ignore

describe.skipIf(helper === null || process.arch !== 'x64' || !hasProgram('curl') || !hasProgram('git'))(
  'tier 2',
  () => {
    let calls = ''
    beforeAll(async () => {
      calls = compiled('calls', tools.path)
      chmodSync(outside, 0o777)
      writeFileSync(join(outside, 'secret'), 'secret\n', { mode: 0o666 })
      await new Promise<void>((done) => server.listen(join(outside, 'socket'), done))
      chmodSync(join(outside, 'socket'), 0o777)
    })
    afterAll(() => {
      server.close()
      rmSync(outside, { recursive: true, force: true })
      tools[Symbol.dispose]()
    })

    describe.each(settings)('as %s', (setting) => {
      test.each(cases.filter(({ tiers = [1, 2] }) => tiers.includes(2)))(
        '$id: $holds',
        async ({ script, prints, told }) => {
          using at = place()
          const inside = sandbox(helper!, setting, prelude(calls) + script, {
            place: at,
            policy,
            read: [tools.path, dirname(dirname(process.execPath))],
          })
          const { out, err } = await inside.result
          const printed = out.trim()
          if (typeof prints === 'string') expect(printed, err).toBe(prints)
          else expect(printed, err).toMatch(prints)
          if (told !== undefined) expect(inside.told().map((fact) => JSON.stringify(fact)).join('\n')).toMatch(told) // prettier-ignore
        },
      )
    })
  },
)

import { existsSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compiled } from '../../boundary/src/jail/filter-testing.ts'
import { canLimitProcesses } from '../../boundary/src/jail/process-limit.ts'
import { missing, users } from './needs.ts'
import { openWorld, type World } from './world.ts'

const limited = process.getuid?.() === 0 && canLimitProcesses()
/** Who is held to a number of processes: in tier 1 the kernel's own limit binds everybody but root. */
const held = [
  { tier: 1, as: 'user' },
  { tier: 1, as: 'root' },
  { tier: 2, as: 'root' },
] as const

const groupsOf = (pid: number) =>
  ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith(`reeve-boundary-${pid}-`)))

describe.each(held)('a fork bomb in tier $tier as $as', ({ tier, as }) => {
  const lacking = [
    ...missing(tier),
    ...(users.includes(as) ? [] : [as]),
    ...(as === 'root' && !limited ? ['a control group'] : []),
  ]
  describe.skipIf(lacking.length > 0)(
    `held${lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`,
    () => {
      let world: World
      let bomb = ''
      beforeAll(async () => {
        world = await openWorld()
        bomb = compiled('bomb', world.folder)
      })
      afterAll(() => world[Symbol.asyncDispose]())

      test('K16 a fork bomb comes to its end at the limit, what follows it runs, and no group is left', async () => {
        let supervisor = 0
        const onStart = ({ pid = 0 }) => void (supervisor = pid)
        const how = { as, tier, read: [world.folder], onStart }
        const { stdout, code } = await world.inside(`${bomb} 8000; echo after`, how)
        expect([/^refused after (3[89]|4[01])\d\d\nafter\n$/.test(stdout) || stdout, code]).toEqual([true, 0])
        expect(groupsOf(supervisor)).toEqual([])
      })
    },
  )
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { cpuUse, diskUse, memoryUse, type Places } from './measure.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** What the kernel of another machine would tell. */
function kernel(files: Readonly<Record<string, string>>): Places {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-kernel-'))
  folders.push(folder)
  const meminfo = 'MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   6291456 kB\n'
  for (const [path, text] of Object.entries({ 'proc/meminfo': meminfo, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return { proc: join(folder, 'proc'), cgroup: join(folder, 'cgroup') }
}
const gib = 2 ** 30

test('the memory of a container is what its control group says, without what is only cached', () => {
  const second = kernel({
    'cgroup/memory.current': `${3 * gib}\n`,
    'cgroup/memory.max': `${4 * gib}\n`,
    'cgroup/memory.stat': `anon 5\ninactive_file ${gib}\n`,
  })
  expect(memoryUse(false, second)).toEqual({ used: 2 * gib, total: 4 * gib })
  const first = kernel({
    'cgroup/memory/memory.usage_in_bytes': `${gib}\n`,
    'cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'cgroup/memory/memory.stat': 'total_inactive_file 0\n',
  })
  expect(memoryUse(false, first)).toEqual({ used: gib, total: 8 * gib })
})

test('without a control group, and for the host, it is the memory of the machine', () => {
  const machine = { used: 2 * gib, total: 8 * gib }
  expect(memoryUse(false, kernel({}))).toEqual(machine)
  expect(memoryUse(true, kernel({ 'cgroup/memory.current': '5' }))).toEqual(machine)
})

test('the cores of a container are those that it may use', async () => {
  const second = kernel({
    'cgroup/memory.current': '1',
    'cgroup/cpu.stat': 'usage_usec 7\n',
    'cgroup/cpu.max': '150000 100000\n',
  })
  expect(await cpuUse(false, second)).toEqual({ used: 0, total: 1.5 })
  const first = kernel({
    'cgroup/cpuacct/cpuacct.usage': '5',
    'cgroup/cpu/cpu.cfs_quota_us': '50000',
    'cgroup/cpu/cpu.cfs_period_us': '100000',
  })
  expect(await cpuUse(false, first)).toEqual({ used: 0, total: 0.5 })
})

test('a folder tells of the disk that it is on', () => {
  const { used, total } = diskUse('/')
  expect(used).toBeGreaterThan(0)
  expect(total).toBeGreaterThanOrEqual(used)
})

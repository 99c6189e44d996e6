import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { openBoundaryWorld } from './boundary-world.ts'

const needed = ['unshare', 'bwrap', 'curl', 'gcc']
const missing = needed.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
const holds = missing.length === 0 && spawnSync('unshare', ['-Urmn', 'true']).status === 0

test('what the boundary is measured by works: the same event comes through each, and a denial', async (context) => {
  if (!holds) context.skip(`needs user namespaces, and ${needed.join(', ')}; missing here: ${missing.join(', ')}`)
  using world = await openBoundaryWorld({ withPeer: false })
  expect(world.subjects).toEqual(['direct', 'tier 1', 'tier 2'])
  const curl = ['curl', '-sS', '--http1.1', '-w', '%{http_code}']
  for (const subject of world.subjects) {
    const { stdout, ms, cpuMs } = await world.run(subject, [...curl, `${world.urls.inspected}/event`])
    expect([subject, stdout, ms > 0, cpuMs >= 0]).toEqual([subject, 'data: first\n\n200', true, true])
    const spliced = await world.run(subject, [...curl, '-p', `${world.urls.spliced}/event`], true)
    expect([subject, spliced.stdout]).toEqual([subject, 'data: first\n\n200'])
    if (subject === 'direct') continue
    expect((await world.run(subject, [...curl, '-o', '/dev/null', `${world.urls.denied}/event`])).stdout).toBe('403')
  }
})

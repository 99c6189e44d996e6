import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoundaryEvent } from '../../boundary/src/audit/event.ts'
import { missing, users } from './needs.ts'
import { networkCases } from './network-cases.ts'
import { type Shown, together } from './together.ts'
import { openWorld, type World } from './world.ts'

describe.each([1, 2] as const)('the network in tier %i', (tier) => {
  const lacking = missing(tier)
  const cases = networkCases
    .map((one, at) => ({ ...one, ...(tier === 2 ? one.inTier2 : {}), key: `${one.id}-${at}` }))
    // Each in a folder of its own, for what it downloads.
    .map((one) => ({ ...one, script: `mkdir in-${one.key} && cd in-${one.key}\n${one.script}` }))
  describe.skipIf(lacking.length > 0)(
    `held${lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`,
    () => {
      let world: World
      beforeAll(async () => {
        spawnSync('sh', ['scripts/build-native.sh'])
        world = await openWorld()
      })
      afterAll(() => world[Symbol.asyncDispose]())

      describe.each(users)('as %s', (as) => {
        let shown: ReadonlyMap<string, Shown>
        beforeAll(async () => {
          shown = new Map()
          for (const policy of new Set(cases.map((one) => one.policy))) {
            const alike = cases.filter((one) => one.policy === policy)
            const how = { as, tier, ...(policy === undefined ? {} : { policy }) }
            shown = new Map([...shown, ...(await together(world, alike, how))])
          }
        })

        test.each(cases)('$id: $holds', ({ key, prints, event, never }) => {
          const { stdout, stderr, events } = shown.get(key)!
          if (typeof prints === 'string') expect(stdout.trim(), stderr).toBe(prints)
          else expect(stdout.trim(), stderr).toMatch(prints)
          expect(new Set(events.map((one) => one.tier))).toEqual(new Set([tier]))
          if (event !== undefined) expect(decided(events), stderr).toContainEqual(expect.objectContaining(event))
          if (never !== undefined) expect(JSON.stringify(events)).not.toMatch(never)
        })

        test('a command that ends right after its request, unanswered, has its denial on record', async () => {
          const script = `exec python3 - <<'END'
import os, socket
requests = [socket.create_connection(("evil.test", 80)) for _ in range(8)]
for number, request in enumerate(requests): request.send(b"GET /%d HTTP/1.1\\r\\nHost: evil.test\\r\\n\\r\\n" % number)
os._exit(0)
END`
          const { events, stderr } = await world.inside(script, { as, tier })
          const denied = events.flatMap(({ net, decision }) => (decision === 'deny' && net !== null ? [net.url] : []))
          const asked = Array.from({ length: 8 }, (_, number) => `http://evil.test/${number}`)
          expect(denied.toSorted(), stderr).toEqual(asked)
        })
      })
    },
  )
})

/** What of an event a case is about. */
const decided = (events: readonly BoundaryEvent[]) =>
  events
    .filter(({ kind }) => kind !== 'exec')
    .map(({ kind, decision, rule, reason, net, dns, process: by, denial }) => ({
      kind,
      decision,
      rule,
      reason,
      host: net?.host ?? dns?.name ?? null,
      program: by?.exe?.replace(/^.*\//, '').replace(/[0-9.]+$/, '') ?? null,
      named: denial !== null,
    }))

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { narrowestRule } from '@reeve/policy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stateDirectoryOf } from '../../boundary/src/audit/state-directory.ts'
import { restoreSnapshot } from '../../boundary/src/files/restore-snapshot.ts'
import { openSnapshotStore } from '../../boundary/src/files/snapshot-store.ts'
import { missing, users } from './needs.ts'
import { openWorld, p0, type World } from './world.ts'

const python = (lines: string) => `python3 - <<'END'\n${lines}\nEND\n`
const observed = 'apiVersion: reeve/v1\nname: observed\nmode: observe\nnetwork: { rules: [] }\n'

/** What is about a session as a whole, or about several, in both tiers. */
describe.each([1, 2] as const)('sessions in tier %i', (tier) => {
  const lacking = missing(tier)
  describe.skipIf(lacking.length > 0)(
    `held${lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`,
    () => {
      let world: World
      beforeAll(async () => void (world = await openWorld()))
      afterAll(() => world[Symbol.asyncDispose]())

      test('P09 X15 several run side by side, each with its own files, and none reaches what another one serves', async () => {
        const port = await freePort()
        const started = Promise.withResolvers<void>()
        let first = ''
        const serving = world.inside(
          python(`
import os, socket, time
s = socket.create_server(("0.0.0.0", ${port})); s.settimeout(0.1)
print("serves", flush=True)
while not os.path.exists("stop"):
    try: s.accept()[0].send(b"HTTP/1.0 200 OK\\r\\n\\r\\nof the other")
    except TimeoutError: pass`),
          {
            tier,
            before: ({ workspace }) => void (first = workspace),
            onStart: ({ stdout }) => stdout?.once('data', () => started.resolve()),
          },
        )
        await Promise.race([started.promise, serving])
        const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address)) // prettier-ignore
        const reach = addresses.map((address) => `curl -s -m 5 --noproxy '*' http://${address}:${port}/`).join('; ')
        const others = users.flatMap((as) => [1, 2].map((number) => ({ as, number })))
        const ended = await Promise.all(
          others.map(({ as, number }) => {
            const script = `echo ${as} ${number} >mine; ${reach}; curl -s -o body -w '%{http_code}' https://api.test/v1/x; cat mine; ls | wc -l`
            return world.inside(script, { as, tier })
          }),
        )
        writeFileSync(join(first, 'stop'), '')
        const { stdout, code } = await serving
        expect([stdout, code]).toEqual(['serves\n', 0])
        for (const [at, one] of ended.entries()) {
          expect(one.stdout, one.stderr).not.toContain('of the other')
          expect(one.stdout).toContain(`200${others[at]!.as} ${others[at]!.number}\n`)
        }
        expect(new Set(ended.map(({ events }) => events[0]?.session)).size).toBe(ended.length)
      })

      test('F11 what was deleted in the workspace is brought back from the copy that was made before', async () => {
        const policy = `${p0}files: { workspace: snapshot }\n`
        const before = ({ workspace }: { readonly workspace: string }) => {
          mkdirSync(join(workspace, 'src'))
          writeFileSync(join(workspace, 'src/notes'), 'of weeks')
        }
        const { workspace, home, stdout } = await world.inside('rm -rf src && ls', { tier, policy, before })
        expect([stdout, existsSync(join(workspace, 'src'))]).toEqual(['', false])
        const store = openSnapshotStore(stateDirectoryOf({}, home), workspace)
        const [snapshot, ...more] = store.list()
        expect(more).toEqual([])
        restoreSnapshot(store, snapshot!)
        expect(existsSync(join(workspace, 'src/notes'))).toBe(true)
      })

      test('P08 what a policy that observes saw becomes rules under which the same is denied nothing', async () => {
        const asks = Array.from({ length: 20 }, (_, at) => ({
          method: ['GET', 'POST', 'PUT', 'DELETE'][at % 4]!,
          url: `https://${['api', 'a.pkg', 'b.pkg', 'git', 'other'][at % 5]}.test/v${at % 3}/thing-${at}`,
        }))
        const script = asks.map(({ method, url }) => `curl -sS -m 20 -o body -w '%{http_code} ' -X ${method} ${url}`).join('; ') // prettier-ignore
        const seen = await world.inside(script, { tier, policy: observed })
        expect(seen.stdout.trim().split(' ')).toEqual(asks.map(() => '200'))
        const wouldDeny = seen.events.flatMap(({ kind, would, net }) => (kind === 'net' && would === 'deny' && net !== null ? [net] : [])) // prettier-ignore
        expect(wouldDeny.length).toBe(asks.length)
        const rules = wouldDeny.map(({ method, host, port, url }, at) => {
          const { ports, http } = narrowestRule({ method, host, port, path: new URL(url ?? '').pathname })
          return { id: `seen-${at}`, host, ports, http }
        })
        const policy = `${JSON.stringify({ apiVersion: 'reeve/v1', name: 'learned', network: { rules } })}\n`
        const again = await world.inside(script, { tier, policy: inYaml(policy) })
        expect(again.stdout.trim().split(' '), again.stderr).toEqual(asks.map(() => '200'))
        const denied = again.events.filter(({ decision, net, dns }) => decision === 'deny' && (net ?? dns) !== null)
        expect(denied).toEqual([])
      })
    },
  )
})

/** A document in JSON as the value of a map's keys, so that more can be written behind it. */
const inYaml = (json: string): string =>
  Object.entries(JSON.parse(json)).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('') // prettier-ignore

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((done) => {
    server.listen(0, () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

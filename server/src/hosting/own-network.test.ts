import { mkdirSync, mkdtempSync, rmSync, readFileSync, existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, systemClock } from '@reeve/base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { whySkipped } from '../../../test/support/why-skipped.ts'
import { systemAccount } from '../db/embedded/account.ts'
import { controlGroups } from './control-groups.ts'
import { openDoor } from './door.ts'
import { knownProcess, readRecord } from './process-record.ts'
import { openProcessHost, type OpenedHost } from './process-host.ts'

const workspace = 'a0000000-0000-4000-8000-000000000001'
const other = 'a0000000-0000-4000-8000-000000000002'
const account = await systemAccount('reeve-workspaces', { message: 'no system user', fix: '' })

let folder: string
const workspaces = (): string => join(folder, 'workspaces')
const open = (doorPort = 1): Promise<OpenedHost> =>
  openProcessHost({
    folder: workspaces(),
    account,
    readable: [],
    hidden: [],
    node: process.execPath,
    processesMax: 1_000,
    groups: controlGroups(),
    memoryBytes: 2 ** 31,
    network: {
      isNeeded: true,
      door: { folder: join(workspaces(), 'door'), place: { addresses: ['127.0.0.1'], port: doorPort } },
    },
    forbidden: null,
    graceMs: 200,
    clock: systemClock,
    log: recordingLog(),
  })

folder = mkdtempSync(join(tmpdir(), 'reeve-network-'))
mkdirSync(join(workspaces(), 'door'), { recursive: true })
const { refusal } = await open()
rmSync(folder, { recursive: true, force: true })
const skipped = whySkipped('networks of workspaces on this machine', refusal?.problem ?? null)
const outer = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))?.address

const servers: Server[] = []
/** One that says a word, at an address of this machine. */
async function saying(word: string, host: string): Promise<number> {
  const server = createServer((_, response) => response.end(word)).listen(0, host)
  servers.push(server)
  await once(server, 'listening')
  // SAFETY: it listens at a port.
  return (server.address() as AddressInfo).port
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-network-'))
  mkdirSync(join(workspaces(), 'door'), { recursive: true })
})
afterEach(async () => {
  const host = await open()
  for (const id of [workspace, other]) await host.removeHome(id)
  for (const server of servers.splice(0)) server.close().closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const written = async (name: string, id = workspace): Promise<string> => {
  const path = join(workspaces(), id, 'home', name)
  await expect.poll(() => existsSync(path)).toBe(true)
  return readFileSync(path, 'utf8')
}
const order = (script: string) => ({ hostname: 'desk', script, env: {}, memoryBytes: null, cpus: null })
/** Writes into a file what is said at each of the places, or that nobody is there. */
const ask = (file: string, ...places: string[]): string =>
  `cat >ask.mjs <<'.'
const said = []
for (const url of ${JSON.stringify(places)})
  said.push(await fetch(url, { signal: AbortSignal.timeout(8000) }).then((answer) => answer.text(), () => 'nobody'))
console.log(said.join(' '))
.
"$REEVE_NODE" ask.mjs >${file}.part; mv ${file}.part ${file}`

describe.skipIf(skipped !== null)('the network of a workspace on this machine', () => {
  test('has no neighbour and nothing of the machine’s loopback in it, and leads to others', async (context) => {
    if (outer === undefined) return context.skip('this machine has no address but its loopback')
    const [hidden, seen] = [await saying('hidden', '127.0.0.1'), await saying('seen', outer)]
    const host = await open()
    const listen = `require('http').createServer((_, a) => a.end('mine')).listen(21555, '0.0.0.0', () => require('fs').writeFileSync('up', ''))`
    await host.start(workspace, order(`"$REEVE_NODE" -e "${listen}" & ${'until [ -e up ]; do sleep 0.05; done;'}
      ${ask('own', 'http://127.0.0.1:21555', `http://127.0.0.1:${hidden}`)}; sleep 1000`))
    expect(await written('own')).toBe('mine nobody\n')
    const places = [
      'http://127.0.0.1:21555',
      'http://10.0.2.100:21555',
      `http://127.0.0.1:${hidden}`,
      `http://10.0.2.2:${hidden}`,
      'http://169.254.169.254/',
      `http://${outer}:21555`,
      `http://${outer}:${seen}`,
    ]
    await host.start(other, order(`${ask('neighbour', ...places)}; sleep 1000`))
    expect(await written('neighbour', other)).toBe('nobody nobody nobody nobody nobody nobody seen\n')
    await expect(fetch('http://127.0.0.1:21555')).rejects.toThrow()
  }) // prettier-ignore

  test('has the server in it where that listens on the loopback, and the next one at the same place', async () => {
    const port = await saying('the server', '127.0.0.1')
    const door = { addresses: ['127.0.0.1'], port }
    const first = await openDoor(join(workspaces(), 'door'), door)
    const host = await open(port)
    const url = `http://127.0.0.1:${port}`
    const until = (file: string) => `until grep -q server ${file} 2>/dev/null; do ${ask(file, url)}; sleep 0.1; done`
    const script = `${until('one')}
until grep -q nobody closed 2>/dev/null; do ${ask('closed', url)}; sleep 0.1; done; touch between
${until('two')}
touch done; sleep 1000`
    await host.start(workspace, order(script))
    await expect.poll(() => written('one')).toBe('the server\n')
    await first[Symbol.asyncDispose]()
    await written('between')
    await using _ = await openDoor(join(workspaces(), 'door'), door)
    await written('done')
  })

  test('ends with the workspace, halted or not, and the workspace with it', async () => {
    const host = await open()
    const start = async (): Promise<number> => {
      await host.start(workspace, order('sleep 1000'))
      return (await readRecord(join(workspaces(), workspace)))!.network!.pid
    }
    const one = await start()
    await host.stop(workspace)
    expect(knownProcess(one)).toBe(null)
    const two = await start()
    process.kill(two, 'SIGSTOP')
    await host.stop(workspace)
    expect(knownProcess(two)).toBe(null)
    process.kill(await start(), 'SIGKILL')
    const { first } = (await readRecord(join(workspaces(), workspace)))!
    const told: string[] = []
    const wishes = { decide: async () => 'keep' as const, lost: async (_: string, why: string) => void told.push(why) }
    await expect
      .poll(async () => (await host.tend(wishes, new AbortController().signal), told))
      .toEqual(['its network has ended, or was killed'])
    expect(knownProcess(first.pid)).toBe(null)
  })

  test('can be had once more inside, as a boundary does', async () => {
    const host = await open()
    const nested =
      'bwrap --unshare-user --unshare-pid --unshare-net --ro-bind / / --proc /proc --dev /dev sh -c "ip route; echo nested"'
    await host.start(workspace, order(`${nested} >jail.part 2>&1; mv jail.part jail; sleep 1000`))
    expect(await written('jail')).toBe('nested\n')
  })
})

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../cli/src/testing.ts'
import { controlGroups } from '../../server/src/hosting/control-groups.ts'
import { firstChild, knownProcess } from '../../server/src/hosting/process-record.ts'
import { processesUsing } from '../support/processes.ts'
import { startServer } from '../support/server.ts'
import { workshop } from '../support/workshop.ts'

/** The starter template `local` through the whole product: the real Terraform, the real jail, the real agent. */

const root = resolve(import.meta.dirname, '../..')
const shop = workshop('workspaces on the server’s own machine', { local: true })
const { ran } = shop

const agentOf = async (id: string) => (await shop.server.api('GET', `/api/v2/workspaces/${id}/agents`)).json[0]
const places = (id: string) => {
  const own = join(shop.server.dataDir, 'workspaces', id)
  return { own, home: join(own, 'home'), record: join(own, 'process.json') }
}
const pidOf = (id: string): number => JSON.parse(readFileSync(places(id).record, 'utf8')).first.pid

/** A template of this test's, over the starter: what it says when it stops can be seen in the home. */
const bye = `
resource "coder_script" "bye" {
  agent_id     = coder_agent.main.id
  display_name = "Bye"
  script       = "echo bye >>$HOME/parting"
  run_on_stop  = true
}
`

test('a workspace is a process of this machine that outlives its server, and keeps its home until it is deleted', async () => {
  const { memory, cpu } = controlGroups().can
  const bounds = [...(memory ? ['--variable', 'memory=2048'] : []), ...(cpu ? ['--variable', 'cpu=2'] : [])]
  await ran('templates', 'push', join(root, 'templates/local'), '--name', 'local', ...bounds)
  const made = JSON.parse(await ran('workspaces', 'create', 'desk', 'local', '-o', 'json'))
  const { id } = made
  await expect.poll(() => agentOf(id)).toMatchObject({ status: 'connected', lifecycle_state: 'ready' })
  const { home, own } = places(id)
  expect(existsSync(join(home, 'work'))).toBe(true)
  expect(await ran('ssh', 'desk', '--', 'hostname; pwd')).toBe('desk\n/home/user\n')
  writeFileSync(join(home, 'notes'), 'keep me')

  const pid = pidOf(id)
  // Where slirp4netns is installed: the agent is connected from a network of its own.
  expect(JSON.parse(readFileSync(places(id).record, 'utf8')).network !== null).toBe(existsSync('/usr/bin/slirp4netns'))
  await shop.server.kill()
  expect(knownProcess(pid)).not.toBe(null)
  await shop.server.start()
  const before = (await agentOf(id)).last_connected_at
  await expect.poll(async () => (await agentOf(id)).last_connected_at > before).toBe(true)
  expect(pidOf(id)).toBe(pid)

  await ran('workspaces', 'stop', 'desk')
  expect(knownProcess(pid)).toBe(null)
  expect(existsSync(places(id).record)).toBe(false)
  expect(readFileSync(join(home, 'notes'), 'utf8')).toBe('keep me')

  await ran('workspaces', 'start', 'desk')
  await expect.poll(() => agentOf(id)).toMatchObject({ status: 'connected' })
  expect(pidOf(id)).not.toBe(pid)
  expect(readFileSync(join(home, 'notes'), 'utf8')).toBe('keep me')

  const last = pidOf(id)
  await ran('workspaces', 'delete', 'desk', '--yes')
  expect(knownProcess(last)).toBe(null)
  expect(existsSync(own)).toBe(false)
  expect(processesUsing(own)).toEqual([])
})

test('its agent is started again in the jail when it is killed', async () => {
  await ran('templates', 'push', join(root, 'templates/local'), '--name', 'killed')
  const { id } = JSON.parse(await ran('workspaces', 'create', 'third', 'killed', '-o', 'json'))
  const isReady = { status: 'connected', lifecycle_state: 'ready' }
  await expect.poll(() => agentOf(id)).toMatchObject(isReady)
  const { main } = JSON.parse(readFileSync(places(id).record, 'utf8'))
  const [pid, before] = [pidOf(id), firstChild(main.pid)]
  const connected = (await agentOf(id)).last_connected_at
  process.kill(before!.pid, 'SIGKILL')
  await expect.poll(async () => (await agentOf(id)).last_connected_at > connected).toBe(true)
  await expect.poll(() => agentOf(id)).toMatchObject(isReady)
  expect(pidOf(id)).toBe(pid)
  expect(firstChild(main.pid)).not.toEqual(before)
  await ran('workspaces', 'delete', 'third', '--yes')
  expect(processesUsing(places(id).own)).toEqual([])
})

test('when its process is killed, its agent is disconnected, and says why', async () => {
  await ran('templates', 'push', join(root, 'templates/local'), '--name', 'lost')
  const { id } = JSON.parse(await ran('workspaces', 'create', 'fourth', 'lost', '-o', 'json'))
  await expect.poll(() => agentOf(id)).toMatchObject({ lifecycle_state: 'ready' })
  process.kill(pidOf(id), 'SIGKILL')
  await expect.poll(() => agentOf(id)).toMatchObject({ status: 'disconnected' })
  const why = 'This workspace is not running any more: its process on the machine of the server has ended'
  const agent = (await agentOf(id)).id
  const said = async () => JSON.stringify((await shop.server.api('GET', `/api/v2/workspaceagents/${agent}/logs`)).json)
  await expect.poll(said, { timeout: 60_000, interval: 500 }).toContain(why)
  expect(existsSync(places(id).record)).toBe(false)
  await ran('workspaces', 'start', 'fourth')
  await expect.poll(() => agentOf(id)).toMatchObject({ status: 'connected' })
  await ran('workspaces', 'delete', 'fourth', '--yes')
  expect(processesUsing(places(id).own)).toEqual([])
})

test('its stop scripts have run when it is stopped', async () => {
  mkdirSync(join(shop.folder, 'parting'))
  const source = readFileSync(join(root, 'templates/local/main.tf'), 'utf8')
  writeFileSync(join(shop.folder, 'parting', 'main.tf'), source + bye)
  await ran('templates', 'push', 'parting')
  const { id } = JSON.parse(await ran('workspaces', 'create', 'second', 'parting', '-o', 'json'))
  await expect.poll(() => agentOf(id)).toMatchObject({ lifecycle_state: 'ready' })
  await ran('workspaces', 'stop', 'second')
  expect(readFileSync(join(places(id).home, 'parting'), 'utf8')).toBe('bye\n')
  await ran('workspaces', 'delete', 'second', '--yes')
})

test('a server that may not run workspaces refuses their template, and says what to set', async () => {
  await using closed = await startServer({ env: { REEVE_LOCAL_WORKSPACES: 'off' } })
  const { code, stderr, stdout } = await runCli(
    ['templates', 'push', join(root, 'templates/local'), '--name', 'local'],
    {
      env: { REEVE_URL: closed.url, REEVE_TOKEN: closed.ownerToken },
      cwd: shop.folder,
      home: shop.folder,
    },
  )
  expect(code).not.toBe(0)
  expect(stdout + stderr).toContain('REEVE_LOCAL_WORKSPACES is off')
})

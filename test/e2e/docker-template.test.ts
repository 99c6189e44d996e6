import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { agentBundlePath } from '@reeve/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { initScript } from '../../server/src/agents/init-script.ts'
import { coderProvider } from '../../server/src/provisioning/provider/coder/coder-provider.ts'
import { reattachProviders, servePlugin } from '../../server/src/provisioning/provider/plugin-server.ts'
import type { serveProvider } from '../../server/src/provisioning/provider/serve-provider.ts'
import { buildContext } from '../../server/src/provisioning/testing.ts'
import { testProvisioner, testRun } from '../../server/src/provisioning/testing-provisioner.ts'
import { findExample } from '../../server/src/templates/examples.ts'
import { openPodman, type Podman, testImage, withPodman } from '../support/podman.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { standIns } from '../support/terraform/stand-in.ts'
import { whySkipped } from '../support/why-skipped.ts'

/**
 * The starter `docker` as it is, with containers that are real: Terraform asks a stand-in for the provider of Docker, which
 * cannot be had without a network, and that one has podman do it. The agent in them connects to a server of this test.
 */

const root = resolve(import.meta.dirname, '../..')
let reason = whyNoTerraform('the starter docker')
let folder: string
let podman: Podman
let control: Server
const tokens: string[] = []
const sockets: WebSocket[] = []

beforeAll(async () => {
  if (reason !== null) return
  folder = mkdtempSync(join(tmpdir(), 'reeve-docker-'))
  chmodSync(folder, 0o755)
  const opened = openPodman(folder)
  reason = whySkipped('the starter docker', typeof opened === 'string' ? opened : null)
  if (typeof opened === 'string') return
  podman = opened
  expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
  control = createServer((req, res) => {
    if (req.url === agentBundlePath) res.end(readFileSync(join(root, 'agent/dist', agentBundlePath)))
    else res.writeHead(404).end()
  })
  const agents = new WebSocketServer({ server: control })
  agents.on('connection', (socket, req) => {
    sockets.push(socket)
    tokens.push(String(req.headers['reeve-session-token']))
  })
  control.listen(0, '127.0.0.1')
  await once(control, 'listening')
})
afterAll(() => {
  for (const socket of sockets) socket.terminate()
  control?.close()
  if (podman !== undefined) podman.run('rm', '--all', '--force', '--time', '0')
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (reason !== null) context.skip(reason)
})

const serve: typeof serveProvider = async (context, options) => {
  await using stack = new AsyncDisposableStack()
  const served = [stack.use(await servePlugin(coderProvider(context), options))]
  for (const definition of await standIns(join(folder, 'template'))) {
    const socketPath = join(dirname(options.socketPath), 'docker.sock')
    served.push(stack.use(await servePlugin(withPodman(definition, podman), { ...options, socketPath })))
  }
  const all = stack.move()
  return { reattach: reattachProviders(served), [Symbol.asyncDispose]: () => all.disposeAsync() }
}

test(
  'a container starts and its agent connects; a stop keeps the home; a delete leaves nothing',
  { timeout: 240_000 },
  async () => {
    const { files } = await findExample('docker')
    mkdirSync(join(folder, 'template'))
    for (const { path, content } of files) writeFileSync(join(folder, 'template', path), content)
    await using opened = await testProvisioner({}, { serve })
    // SAFETY: it listens on a port.
    const accessUrl = `http://127.0.0.1:${(control.address() as AddressInfo).port}`
    const variables = new Map([
      ['image', testImage],
      ['network_mode', 'host'],
    ])
    const source = files.map(({ path, content }) => ({ path, content: Buffer.from(content), executable: false }))
    const run = (transition: 'start' | 'stop', state: Buffer | null = null) =>
      testRun({}, { source, variables, state, context: buildContext({ transition, accessUrl, initScript }) })
    const container = 'reeve-a0000000-0000-4000-8000-000000000001'

    const started = await opened.provisioner.apply(run('start'))
    expect(started.failure).toBe(null)
    expect(podman.things()).toEqual([container, `${container}-home`])
    await expect.poll(() => tokens.length).toBe(1)
    expect(tokens[0]).toBe(started.resources.flatMap(({ agents }) => agents)[0]?.token?.reveal())
    podman.run('exec', container, 'sh', '-c', 'id -un >notes')

    const stopped = await opened.provisioner.apply(run('stop', started.state))
    expect(stopped.failure).toBe(null)
    expect(podman.things()).toEqual([`${container}-home`])

    const again = await opened.provisioner.apply(run('start', stopped.state))
    expect(again.failure).toBe(null)
    await expect.poll(() => tokens.length).toBe(2)
    expect(tokens[1]).not.toBe(tokens[0])
    expect(podman.run('exec', container, 'cat', 'notes')).toBe('node')

    const gone = await opened.provisioner.destroy(run('stop', again.state))
    expect(gone.failure).toBe(null)
    expect(podman.things()).toEqual([])
  },
)

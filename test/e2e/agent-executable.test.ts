import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { kill } from '../../agent/src/driver/process-tree.ts'
import { executableFiles, offersExecutable } from '../../server/src/agents/executable.ts'
import { workshop } from '../support/workshop.ts'
import { makeWorkspace } from '../support/workspace-machine.ts'

/** The agent as one program, on a machine without Node.js: the path has the usual tools of a small image and no more. */

const noMachine = (): string | null => {
  if (!offersExecutable) return 'this Node.js does not make single programs'
  return spawnSync('sh', ['-c', 'command -v bwrap']).status === 0 ? null : 'there is no bwrap'
}
const shop = workshop('the agent as one program', { whyNot: noMachine(), ready: ({ push }) => push('bare', template) })
let machine: ChildProcess | null = null
afterAll(() => void (machine !== null && kill(-machine.pid!, 'SIGKILL')))

const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "${process.arch === 'x64' ? 'amd64' : 'arm64'}"
  startup_script = "coder stat disk; echo libraries $$\{LD_LIBRARY_PATH:-none}"
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

const tools = ['sh', 'mktemp', 'curl', 'gzip', 'sha256sum', 'chmod', 'mkdir', 'sleep', 'cat', 'env']

test('a machine without Node.js and without libatomic becomes a workspace', async () => {
  const started = await makeWorkspace(shop.server, shop.reeve, { name: 'bare', template: 'bare' })
  const [bin, home] = [join(shop.folder, 'bin'), join(shop.folder, 'home')]
  for (const each of [bin, home]) mkdirSync(each)
  for (const tool of tools) {
    symlinkSync(
      spawnSync('sh', ['-c', `command -v ${tool}`])
        .stdout.toString()
        .trim(),
      join(bin, tool),
    )
  }
  const env = { PATH: bin, HOME: home, CODER_AGENT_TOKEN: started.token }
  const hidden = librariesOf('libatomic.so.1').flatMap((path) => ['--ro-bind', '/dev/null', path])
  const argv = ['--dev-bind', '/', '/', ...hidden, '--die-with-parent', join(bin, 'sh'), '-c', started.script]
  machine = spawn(placeOf('bwrap'), argv, { env, cwd: home, stdio: 'ignore', detached: true })
  const agents = async () => (await shop.server.api('GET', `/api/v2/workspaces/${started.id}/agents`)).json
  await expect.poll(agents, { timeout: 120_000, interval: 250 }).toMatchObject([{ lifecycle_state: 'ready' }])
  const [agent] = await agents()
  const log = async () => (await shop.server.api('GET', `/api/v2/workspaceagents/${agent.id}/logs`)).json
  await expect.poll(log).toMatchObject([{ output: expect.stringMatching(/GiB/) }, { output: 'libraries none' }])
})

test('what is served has its checksum, and is not sent again to whoever has it', async () => {
  const { program, checksum } = executableFiles
  const sum = await (await fetch(`${shop.server.url}/bin/${checksum}`)).text()
  const answer = await fetch(`${shop.server.url}/bin/${program}`)
  const digest = createHash('sha256')
    .update(new Uint8Array(await answer.arrayBuffer()))
    .digest('hex')
  expect(sum).toBe(`${digest}  ${program}\n`)
  const again = await fetch(answer.url, { headers: { 'If-None-Match': answer.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
})

const placeOf = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`])
    .stdout.toString()
    .trim()

/** Where the loader finds it here. */
const librariesOf = (name: string): string[] => [
  ...new Set(
    readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const path = line.split(/\s+/)[5] ?? ''
        return path.includes(`/${name}`) ? [path] : []
      }),
  ),
]

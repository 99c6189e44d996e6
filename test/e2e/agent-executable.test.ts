import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { kill } from '../../agent/src/driver/process-tree.ts'
import { executableFiles, offersExecutable } from '../../server/src/agents/executable.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whySkipped } from '../support/why-skipped.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { cliOf, makeWorkspace } from '../support/workspace-machine.ts'

/** The agent as one program, on a machine without Node.js: the path has the usual tools of a small image and no more. */

const root = resolve(import.meta.dirname, '../..')
const why = whyNoTerraform('the agent as one program') ?? whySkipped('the agent as one program', whyNot())
function whyNot(): string | null {
  if (!offersExecutable) return 'this Node.js does not make single programs'
  return spawnSync('sh', ['-c', 'command -v bwrap']).status === 0 ? null : 'there is no bwrap'
}
let server: RunningServer
let folder: string
let machine: ChildProcess | null = null
beforeAll(async () => {
  if (why !== null) return
  expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
  folder = mkdtempSync(join(tmpdir(), 'reeve-program-'))
  server = await startServer({})
}, 120_000)
afterAll(async () => {
  if (machine !== null) kill(-machine.pid!, 'SIGKILL')
  await server?.[Symbol.asyncDispose]()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (why !== null) context.skip(why)
})

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
  const reeve = cliOf(server, folder)
  mkdirSync(join(folder, 'bare'))
  writeFileSync(join(folder, 'bare/main.tf'), template)
  expect((await reeve('templates', 'push', 'bare')).code).toBe(0)
  const started = await makeWorkspace(server, reeve, { name: 'bare', template: 'bare' })
  const [bin, home] = [join(folder, 'bin'), join(folder, 'home')]
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
  const agents = async () => (await server.api('GET', `/api/v2/workspaces/${started.id}/agents`)).json
  await expect.poll(agents, { timeout: 120_000, interval: 250 }).toMatchObject([{ lifecycle_state: 'ready' }])
  const [agent] = await agents()
  const log = async () => (await server.api('GET', `/api/v2/workspaceagents/${agent.id}/logs`)).json
  await expect.poll(log).toMatchObject([{ output: expect.stringMatching(/GiB/) }, { output: 'libraries none' }])
})

test('what is served has its checksum, and is not sent again to whoever has it', async () => {
  const { program, checksum } = executableFiles
  const sum = await (await fetch(`${server.url}/bin/${checksum}`)).text()
  const answer = await fetch(`${server.url}/bin/${program}`)
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

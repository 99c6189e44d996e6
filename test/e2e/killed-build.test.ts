import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCli } from '../../cli/src/testing.ts'
import { type Cloud, startCloud } from '../support/cloud.ts'
import { connectionUrl, startPostgres } from '../support/postgres.ts'
import { eventually } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whyStateIsLate } from '../support/terraform/run-terraform.ts'

/** A server that is killed when Terraform has written its state, and before it has read that: through the whole product. */

const noTerraform = whyStateIsLate('builds whose server is killed')
const patienceMs = 120_000
const isRoot = process.getuid?.() === 0
let undo: AsyncDisposableStack
let cloud: Cloud
let server: RunningServer
let folder: string
/** Where the folders of runs are. */
let runs: () => string

beforeAll(async () => {
  undo = new AsyncDisposableStack()
  if (noTerraform !== null) return
  folder = mkdtempSync(join(tmpdir(), 'reeve-killed-'))
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o711)
  cloud = undo.use(await startCloud())
  mkdirSync(join(folder, 'things'))
  writeFileSync(join(folder, 'things', 'main.tf'), template())
})
afterAll(() => undo.disposeAsync(), 120_000)
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
})

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  server = undo.use(
    await startServer({ env: { REEVE_TERRAFORM_REACHABLE: cloud.folder, REEVE_PROVISIONER_LEASE: '3s', ...env } }),
  )
  runs = () => join(server.dataDir, 'runs')
  const pushed = await reeve('templates', 'push', 'things')
  expect(pushed.code, pushed.stderr).toBe(0)
}

const reeve = (...argv: string[]) =>
  runCli(argv, { env: { REEVE_URL: server.url, REEVE_TOKEN: server.ownerToken }, cwd: folder, home: folder })

/** Two things, the second of which waits for a file; and then the build goes on for ever. */
function template(): string {
  const curl = (method: string) => `curl -sf -X ${method} --unix-socket ${cloud.socket} http://cloud/`
  const thing = (name: string, after: string) => `
resource "terraform_data" "${name}" {
  count      = data.coder_workspace.me.start_count
  input      = "\${data.coder_workspace.me.name}-${name}"
  depends_on = [${after}]
  provisioner "local-exec" {
    command = "${curl('PUT')}\${self.input}"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "${curl('DELETE')}\${self.input}"
  }
}
`
  return `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
${thing('first', '')}
resource "terraform_data" "gate" {
  count      = data.coder_workspace.me.start_count
  input      = data.coder_workspace.me.name
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "until [ -e ${cloud.folder}/\${self.input} ]; do sleep 0.1; done"
  }
}
${thing('second', 'terraform_data.gate')}
resource "terraform_data" "endless" {
  count      = data.coder_workspace.me.start_count
  depends_on = [terraform_data.second]
  provisioner "local-exec" {
    command = "sleep 100000"
  }
}
`
}

const stateOf = async (buildId: string): Promise<string> =>
  JSON.stringify((await server.api('GET', `/api/v2/workspacebuilds/${buildId}/state`)).json)

/** What Terraform has written so far, where it is whole. */
function written(): string {
  return readdirSync(runs())
    .map((name) => join(runs(), name, 'state/terraform.tfstate'))
    .map((path) => {
      try {
        const text = readFileSync(path, 'utf8')
        return typeof JSON.parse(text).serial === 'number' ? text : ''
      } catch {
        // Not there yet, or half of it.
        return ''
      }
    })
    .join('')
}

/** The second thing is made, and written down, while the server that would read it stands still; then it is killed. */
async function killedAtSecond(name: string): Promise<{ readonly id: string; readonly buildId: string }> {
  const { json: found } = await server.api('GET', '/api/v2/organizations/default/templates/things')
  const made = await server.api('POST', '/api/v2/users/me/workspaces', { name, template_id: found.id })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  const { id, latest_build: build } = made.json
  await eventually(
    () => stateOf(build.id),
    (state) => state.includes(`${name}-first`),
    patienceMs,
  )
  process.kill(server.pid(), 'SIGSTOP')
  writeFileSync(join(cloud.folder, name), '')
  await eventually(
    async () => written(),
    (state) => state.includes(`${name}-second`),
    patienceMs,
  )
  await server.kill()
  return { id, buildId: build.id }
}

const thingsOf = (name: string) => [...cloud.things.keys()].filter((thing) => thing.startsWith(`${name}-`))

async function deleted(name: string, id: string): Promise<void> {
  await eventually(
    async () => (await server.api('GET', `/api/v2/workspaces/${id}`)).json.latest_build.job.status,
    (status) => status === 'failed',
    patienceMs,
  )
  const done = await reeve('workspaces', 'delete', name, '--yes')
  expect(done.stderr).toContain(`${name} is deleted`)
}

async function foundAgain(name: string): Promise<void> {
  const { id, buildId } = await killedAtSecond(name)
  expect(thingsOf(name)).toEqual([`${name}-first`, `${name}-second`])
  await server.start()
  expect(await stateOf(buildId)).toContain(`${name}-second`)
  await expect
    .poll(() => server.output())
    .toContain('a build whose server was killed left a newer state, which is kept')
  const { json } = await server.api('GET', `/api/v2/audit?q=action:write_state`)
  expect(JSON.stringify(json)).toContain(buildId)
  await deleted(name, id)
  expect(thingsOf(name)).toEqual([])
}

describe('in the data directory', () => {
  beforeAll(() => (noTerraform === null ? start({}) : undefined), 120_000)

  test('what is only in the folder of the run is nobody’s without it: the control of the next test', async () => {
    const { id, buildId } = await killedAtSecond('lost')
    expect(thingsOf('lost')).toEqual(['lost-first', 'lost-second'])
    rmSync(runs(), { recursive: true })
    await server.start()
    expect(await stateOf(buildId)).not.toContain('lost-second')
    await deleted('lost', id)
    expect(thingsOf('lost')).toEqual(['lost-second'])
  }, 300_000)

  test('what Terraform wrote down in the last moment of its server is found at the next start, and taken away by a delete', async () => {
    await foundAgain('found')
    expect(readdirSync(runs())).toEqual([])
  }, 300_000)
})

describe.skipIf(!isRoot)('where templates do not get to the data directory', () => {
  test('the folder elsewhere is found by the next server, which has another one', async () => {
    const postgres = await startPostgres(undo)
    const [closed, temporary] = [join(folder, 'closed'), join(folder, 'tmp')]
    mkdirSync(closed, { mode: 0o700 })
    mkdirSync(temporary, { mode: 0o711 })
    const key = Buffer.alloc(32, 7).toString('base64')
    const places = { REEVE_DATA_DIR: join(closed, 'data'), TMPDIR: temporary }
    await start({ ...places, REEVE_POSTGRES_URL: connectionUrl(postgres), REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: key })
    const parents = () => readdirSync(temporary).filter((name) => name.startsWith('reeve-runs-'))
    runs = () => join(temporary, parents()[0]!)
    const [before] = parents()
    await foundAgain('elsewhere')
    expect(parents()).toHaveLength(1)
    expect(parents()).not.toEqual([before])
  }, 300_000)
})

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { kill } from '../../agent/src/driver/process-tree.ts'
import { runCli } from '../../cli/src/testing.ts'
import { startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'
import { type RunningServer, startServer } from './server.ts'

/**
 * A workspace `dana/desk` with one agent, `main`, in a process in place of a machine, and two servers on one database: the
 * agent is connected to `holder`, and `other` relays to it.
 */
export interface Desk extends AsyncDisposable {
  readonly folder: string
  readonly holder: RunningServer
  readonly other: RunningServer
  readonly agentId: string
  killMachine(): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')
const connectsWithinMs = 120_000

const template = ({ apps = '', metadata = '' }: Options): string => `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
  ${metadata}
}
${apps}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

interface Options {
  /** More of the template. */
  readonly apps?: string
  /** More of its agent. */
  readonly metadata?: string
  readonly env?: Readonly<Record<string, string>>
}

export async function startDesk(options: Options = {}): Promise<Desk> {
  const { env: more = {} } = options
  await using undo = new AsyncDisposableStack()
  if (spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status !== 0) throw new Error('the agent was not built')
  const folder = mkdtempSync(join(tmpdir(), 'reeve-desk-'))
  chmodSync(folder, 0o711)
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const dataDir = join(folder, 'database')
  const { connection } = undo.use(await startEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock }))
  if ('url' in connection) throw new Error('the built-in PostgreSQL listens on a socket')
  const { database, socketDir, user } = connection
  const env = {
    REEVE_POSTGRES_URL: `postgres:///${database}?host=${encodeURIComponent(socketDir)}&user=${user}`,
    REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    ...more,
  }
  const holder = undo.use(await startServer({ env, relay: true }))
  const alone = { ...env, REEVE_PROVISIONER_DAEMONS: '0' }
  const other = undo.use(await startServer({ env: alone, relay: true, firstOwner: false }))

  const reeve = async (...argv: string[]): Promise<string> => {
    const io = { env: { REEVE_URL: holder.url, REEVE_TOKEN: holder.ownerToken }, cwd: folder, home: folder }
    const { code, stdout, stderr } = await runCli(argv, io)
    if (code !== 0) throw new Error(`reeve ${argv.join(' ')}: ${stderr}`)
    return stdout
  }
  mkdirSync(join(folder, 'desk'))
  writeFileSync(join(folder, 'desk', 'main.tf'), template(options))
  await reeve('templates', 'push', 'desk')
  const { id, latest_build: build } = JSON.parse(await reeve('workspaces', 'create', 'desk', 'desk', '-o', 'json'))
  const { json } = await holder.api('GET', `/api/v2/workspacebuilds/${build.id}/state`)
  const machineOf = json.resources.find(({ type }: { type: string }) => type === 'terraform_data')
  const { token, script } = machineOf.instances[0].attributes.input.value

  const home = join(folder, 'home')
  mkdirSync(home)
  const machine = spawn('sh', ['-c', script], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      SHELL: '/bin/sh',
      REEVE_NODE: process.execPath,
      CODER_AGENT_TOKEN: token,
    },
    cwd: home,
    stdio: 'ignore',
    detached: true,
  })
  const exited = once(machine, 'exit')
  const killMachine = async (): Promise<void> => {
    kill(-machine.pid!, 'SIGKILL')
    await exited
  }
  undo.defer(killMachine)
  for (const deadline = performance.now() + connectsWithinMs; ;) {
    const [agent] = (await holder.api('GET', `/api/v2/workspaces/${id}/agents`)).json
    if (agent.status === 'connected') {
      const running = undo.move()
      const agentId: string = agent.id
      return { folder, holder, other, agentId, killMachine, [Symbol.asyncDispose]: () => running.disposeAsync() }
    }
    if (performance.now() > deadline) throw new Error('the agent did not connect')
    await new Promise((done) => setTimeout(done, 50))
  }
}

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { processesOf } from '../../agent/src/earlier-processes.ts'
import { connectionUrl, startPostgres } from '../support/postgres.ts'
import { childrenOf } from '../support/processes.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { bootMachine, cliOf, type Machine, makeWorkspace } from '../support/workspace-machine.ts'
import { restarted, signal } from './deployment.ts'
import { mayhem, type Trouble } from './mayhem.ts'
import { randomFrom } from './random.ts'

const seed = Number(process.env['REEVE_CHAOS_SEED'] ?? 20_261_122)
const seconds = Number(process.env['REEVE_CHAOS_SECONDS'] ?? 15)
const mostSeconds = 8 * seconds
const noTerraform = whyNoTerraform('agents that are killed')

/** The agent of the first is never killed: whatever else breaks, nothing that it was told is lost. */
const names = ['steady', 'struck-1', 'struck-2']

/** A start leaves processes behind, in groups of their own and not, and says what it did; a schedule counts. */
const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = <<-EOT
    cd "$HOME"
    echo start >>starts
    run=$(wc -l <starts)
    sleep 86400 &
    echo "$run $!" >>background
    setsid sh -c 'echo "'"$run"' $$" >>background; while :; do sleep 0.5; done' >/dev/null 2>&1 &
    for line in $(seq 40); do echo "run $run line $line"; sleep 0.02; done
    until [ "$(grep -c "^$run " background)" = 2 ]; do sleep 0.1; done
  EOT
}
resource "coder_script" "count" {
  agent_id     = coder_agent.main.id
  display_name = "Count"
  script       = "echo >>\\"$HOME/ticks\\"; echo \\"tick $(wc -l <\\"$HOME/ticks\\")\\""
  cron         = "* * * * * *"
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

test(
  'agents, servers and PostgreSQL are killed at any moment: no process is left, and who was not killed loses no line',
  { timeout: (mostSeconds + 600) * 1000 },
  async (context) => {
    if (noTerraform !== null) context.skip(noTerraform)
    await using world = await startWorld()
    const { server, desks, kills } = world
    const random = randomFrom(seed)
    const strikes = await mayhem(troublesOf(world, random), random, {
      leastMs: seconds * 1000,
      mostMs: mostSeconds * 1000,
    })
    for (const [what, times] of Object.entries(strikes)) expect([what, times > 0]).toEqual([what, true])

    for (const { name, agent } of desks) {
      // Until the control plane has heard otherwise it says of an agent that was killed what it said before.
      const isBack = async () => {
        const { status, lifecycle_state: state, ready_at: at } = await agent()
        return [status, state, Date.parse(at) > (kills.get(name)?.at(-1) ?? 0)]
      }
      await expect.poll(isBack, { message: name }).toEqual(['connected', 'ready', true])
    }
    let lines = 0
    for (const desk of desks) {
      const runs = desk.read('starts').length
      expect(runs).toBeLessThanOrEqual(1 + (kills.get(desk.name)?.length ?? 0))
      const said = await desk.lines()
      lines += said.length
      // Each once, in its order, and of the last start all; of a start whose agent was killed the end may be missing.
      expect(said).toEqual([...new Set(said)])
      for (let run = 1; run <= runs; run++) {
        const heard = said.filter((line) => line.startsWith(`run ${run} `))
        const whole = Array.from({ length: 40 }, (_, index) => `run ${run} line ${index + 1}`)
        expect(heard).toEqual(whole.slice(0, run === runs ? 40 : heard.length))
      }
      const own = desk.processes()
      const expected = desk.read('background').map((line) => line.split(' '))
      for (const [run, pid] of expected)
        expect([desk.name, run, own.has(Number(pid))]).toEqual([desk.name, run, run === String(runs)])
      expect(desk.daemons()).toHaveLength(1)
    }
    const [steady] = desks
    expect(steady!.read('starts')).toHaveLength(1)
    const ticks = steady!.read('ticks').length
    await expect.poll(steady!.lines).toContain(`tick ${ticks}`)
    const heard = (await steady!.lines()).filter((line) => line.startsWith('tick ')).slice(0, ticks)
    expect(heard).toEqual(Array.from({ length: ticks }, (_, index) => `tick ${index + 1}`))
    console.log(`seed ${seed}: ${lines} lines, ${ticks} of a schedule, none lost; ${JSON.stringify(strikes)}`)

    for (const { name, machine, processes } of desks) {
      const stopped = await world.reeve('workspaces', 'stop', name)
      expect(stopped.code, stopped.stderr).toBe(0)
      expect(await machine.ended).toBe(0)
      expect([...processes().keys()]).toEqual([])
    }
    expect(await server.stop(), server.output().slice(-4_000)).toBe(0)
  },
)

interface Desk {
  readonly name: string
  readonly machine: Machine
  // SAFETY of the loose type: as of `ApiAnswer`.
  // oxlint-disable-next-line no-explicit-any
  readonly agent: () => Promise<any>
  /** What scripts said, as the control plane has kept it. */
  readonly lines: () => Promise<string[]>
  /** The lines of a file of its home. */
  readonly read: (file: string) => string[]
  readonly processes: () => Map<number, number>
  /** Its agents: one, or none between two starts. */
  readonly daemons: () => number[]
}

interface World extends AsyncDisposable {
  readonly server: RunningServer
  readonly postgresPid: () => number | null
  readonly desks: readonly Desk[]
  /** When which agents were killed. */
  readonly kills: Map<string, number[]>
  readonly reeve: ReturnType<typeof cliOf>
}

async function startWorld(): Promise<World> {
  await using undo = new AsyncDisposableStack()
  expect(spawnSync('sh', [resolve(import.meta.dirname, '../../scripts/build-agent.sh')]).status).toBe(0)
  const postgres = await startPostgres(undo)
  const folder = mkdtempSync(join(tmpdir(), 'reeve-chaos-agents-'))
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const env = {
    REEVE_POSTGRES_URL: connectionUrl(postgres),
    REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  }
  const server = undo.use(await startServer({ env }))
  const reeve: ReturnType<typeof cliOf> = (...argv) => cliOf(server, folder)(...argv)
  mkdirSync(join(folder, 'desk'))
  writeFileSync(join(folder, 'desk', 'main.tf'), template)
  expect((await reeve('templates', 'push', 'desk')).code).toBe(0)
  const desks: Desk[] = []
  for (const name of names) {
    const desk = await startDesk({ server, reeve, folder, name })
    undo.defer(() => {
      for (const pid of [...desk.processes().keys(), ...desk.daemons()]) signal(pid, 'SIGKILL')
      desk.machine.kill()
    })
    desks.push(desk)
  }
  const running = undo.move()
  return {
    server,
    postgresPid: () => postgres.pid(),
    desks,
    kills: new Map(),
    reeve,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function startDesk({
  server,
  reeve,
  folder,
  name,
}: {
  readonly server: RunningServer
  readonly reeve: ReturnType<typeof cliOf>
  readonly folder: string
  readonly name: string
}): Promise<Desk> {
  const started = await makeWorkspace(server, reeve, { name, template: 'desk' })
  const [home, temporary] = [join(folder, name), join(folder, `${name}-tmp`)]
  mkdirSync(temporary)
  const machine = bootMachine(started, home, { TMPDIR: temporary })
  const agent = async () => (await server.api('GET', `/api/v2/workspaces/${started.id}/agents`)).json[0]
  await expect.poll(agent).toMatchObject({ status: 'connected', lifecycle_state: 'ready' })
  const { id } = await agent()
  const own = join(temporary, readdirSync(temporary)[0]!)
  const processes = () => processesOf(own)
  return {
    name,
    machine,
    agent,
    processes,
    // Between two starts there is a child that only waits.
    daemons: () =>
      childrenOf(machine.pid)
        .filter(({ command }) => command.includes('reeve-agent.cjs'))
        .map(({ pid }) => pid),
    read: (file) => readFileSync(join(home, file), 'utf8').split('\n').slice(0, -1),
    lines: async () =>
      (await server.api('GET', `/api/v2/workspaceagents/${id}/logs`)).json.map(
        ({ output }: { output: string }) => output,
      ),
  }
}

function troublesOf({ server, postgresPid, desks, kills }: World, random: () => number): Trouble[] {
  const agents = desks.slice(1).map(({ name, daemons }): Trouble => ({
    name: `kills of the agent of ${name}`,
    gapMs: [500, 5_000],
    async strike() {
      const [daemon] = daemons()
      const isKilled = signal(daemon ?? null, 'SIGKILL')
      if (isKilled) kills.set(name, [...(kills.get(name) ?? []), Date.now()])
      return isKilled
    },
  }))
  return [
    ...agents,
    {
      name: 'kills of the server',
      gapMs: [3_000, 6_000],
      async strike() {
        await server.kill()
        await restarted(server)
        return true
      },
    },
    {
      name: 'PostgreSQL crashes',
      gapMs: [9_000, 13_000],
      strike: async () => signal(postgresPid(), random() < 0.5 ? 'SIGKILL' : 'SIGQUIT'),
    },
  ]
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runCli } from '../../cli/src/testing.ts'
import { createClient, endpoints } from '../../sdk/src/index.ts'
import { type Desk, startDesk } from '../../test/support/desk.ts'
import type { RunningServer } from '../../test/support/server.ts'
import { foreignLoad } from '../cpu.ts'
import { atMost, doubtsAboutLoad, figure, type Finding } from '../finding.ts'
import { percentile, type Plan } from '../rounds.ts'

const linesMax = 100
const boundMs = 300

/** Says when it was said, again and again; the pauses are no fraction of anything that the product waits for. */
const talk = `for i in $(seq ${linesMax}); do echo "said at $(date +%s%N)"; sleep 0.07; done`

const script = `
resource "coder_script" "talk" {
  agent_id     = coder_agent.main.id
  display_name = "Talk"
  run_on_start = true
  script       = "until [ -e \\"$HOME/go\\" ]; do sleep 0.05; done; sleep 3; ${talk.replaceAll('"', '\\"')}"
}
`

const apply = `
resource "terraform_data" "machine" {
  provisioner "local-exec" {
    command = <<-EOT
      sleep 3; ${talk}
    EOT
  }
}
`

/** Milliseconds from the line's own instant to now, on the one clock of this machine; null for another line. */
function ageMs(text: string): number | null {
  const [, nanoseconds] = /said at (\d{19})/.exec(text) ?? []
  return nanoseconds === undefined ? null : performance.timeOrigin + performance.now() - Number(nanoseconds) / 1e6
}

/** How old each line was when it was had, of as many lines as there are. */
type Ages = Promise<number[]>

/** From the writing of a line in a template's apply, and in a script of an agent, until whoever follows has it. */
export async function logLines({ foreignCoresMax }: Plan): Promise<Finding> {
  await using desk = await startDesk({ apps: script })
  const foreign = foreignLoad()
  const { holder, other, agentId } = desk
  const agent = { params: { agent: agentId } }
  const ofAgent = [
    apiAges(holder, desk, (client, signal) => client.events(endpoints.followWorkspaceAgentLogs, { ...agent, signal })),
    apiAges(other, desk, (client, signal) => client.events(endpoints.followWorkspaceAgentLogs, { ...agent, signal })),
    cliAges(other, desk, ['workspaces', 'agent-logs', 'desk', '--follow']),
  ] as const
  writeFileSync(join(desk.folder, 'home/go'), '')
  const agentAges = await Promise.all(ofAgent)

  const build = await startTalking(desk)
  const ofBuild = [
    apiAges(holder, desk, (client, signal) =>
      client.events(endpoints.followWorkspaceBuildLogs, { params: { build }, signal }),
    ),
    apiAges(other, desk, (client, signal) =>
      client.events(endpoints.followWorkspaceBuildLogs, { params: { build }, signal }),
    ),
    cliAges(other, desk, ['workspaces', 'logs', 'talk']),
  ] as const
  const buildAges = await Promise.all(ofBuild)

  const followers = ['API, the server that has it', 'API, another server', 'command line, another server']
  const rows = [
    ['a script of an agent', agentAges],
    ["a template's apply", buildAges],
  ] as const
  return {
    question: 'How soon is a line of a log seen?',
    method:
      `${linesMax} lines that say when they were said, 70 ms apart, written by a script of a workspace agent and by a ` +
      'command in an apply; two servers on one database, of which one holds the agent and runs the build. In the age of ' +
      'a line is what wrote it, Terraform or the agent, PostgreSQL and the connection of whoever follows.',
    header: ['said by', 'followed through', 'p50 ms', 'p99 ms'],
    rows: rows.flatMap(([what, all]) =>
      all.map((ages, at) => [what, followers[at] ?? '', ...[0.5, 0.99].map((part) => figure(percentile(ages, part)))]),
    ),
    targets: rows.map(([what, all]) =>
      atMost(`${what}: a line is seen, p99`, Math.max(...all.map((ages) => percentile(ages, 0.99))), boundMs, ' ms'),
    ),
    doubts: [
      ...doubtsAboutLoad(foreign(), foreignCoresMax),
      ...rows.flatMap(([what, all]) =>
        all
          .filter(({ length }) => length !== linesMax)
          .map(({ length }) => `${what}: ${length} of ${linesMax} lines were seen`),
      ),
    ],
  }
}

type Client = ReturnType<typeof createClient>
type Follow = (client: Client, signal: AbortSignal) => Promise<AsyncIterable<{ readonly output: string }>>

async function apiAges({ url }: RunningServer, { holder }: Desk, follow: Follow): Ages {
  const ending = new AbortController()
  const lines = await follow(createClient({ url, token: holder.ownerToken }), ending.signal)
  const ages: number[] = []
  for await (const { output } of lines) {
    const age = ageMs(output)
    if (age !== null && ages.push(age) === linesMax) break
  }
  ending.abort()
  return ages
}

const reeve = join(import.meta.dirname, '../../bin/reeve.mjs')

async function cliAges({ url }: RunningServer, { holder, folder }: Desk, argv: readonly string[]): Ages {
  const env = { PATH: process.env['PATH'], HOME: folder, REEVE_URL: url, REEVE_TOKEN: holder.ownerToken }
  const child: ChildProcess = spawn(process.execPath, [reeve, ...argv, '-o', 'jsonl'], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const ages: number[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const age = ageMs(line)
    if (age !== null && ages.push(age) === linesMax) break
  }
  child.kill()
  await ended
  return ages
}

/** The build of a workspace whose apply says lines; it waits in the queue when this returns, or has just begun. */
async function startTalking({ holder, folder }: Desk): Promise<string> {
  const from = join(folder, 'talk')
  mkdirSync(from)
  writeFileSync(join(from, 'main.tf'), apply)
  const env = { REEVE_URL: holder.url, REEVE_TOKEN: holder.ownerToken }
  const pushed = await runCli(['templates', 'push', 'talk', '-o', 'json'], { env, cwd: folder, home: folder })
  if (pushed.code !== 0) throw new Error(pushed.stderr)
  const client = createClient({ url: holder.url, token: holder.ownerToken })
  const { id } = await client.call(endpoints.getTemplateByName, {
    params: { organization: 'default', name: 'talk' },
  })
  const made = await client.call(endpoints.createWorkspace, {
    params: { user: 'me' },
    body: { name: 'talk', template_id: id },
  })
  return made.latest_build.id
}

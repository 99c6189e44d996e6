import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type RunningServer, startServer } from '../../test/support/server.ts'
import { atMost, figure, type Finding } from '../finding.ts'

const rounds = 5
const pollMs = 10

interface Round {
  readonly build: number
  readonly connected: number
  readonly stop: number
}

/** The starter `local`: from nothing to an agent that is connected, and back. Instants are the server's own. */
export async function workspaces(): Promise<Finding> {
  const built = spawnSync('sh', [join(import.meta.dirname, '../../scripts/build-agent.sh')])
  if (built.status !== 0) throw new Error(String(built.stderr))
  await using server = await startServer()
  const version = await pushed(server)
  const found: Record<'first' | 'again', Round[]> = { first: [], again: [] }
  for (let round = 0; round < rounds; round++) {
    const made = await asked(server, 'POST', 'users/me/workspaces', {
      name: `desk-${round}`,
      template_version_id: version,
    })
    found.first.push(await startAndStop(server, made.id, made.latest_build.id))
    const again = await asked(server, 'POST', `workspaces/${made.id}/builds`, { transition: 'start' })
    found.again.push(await startAndStop(server, made.id, again.id))
    await ended(server, (await asked(server, 'POST', `workspaces/${made.id}/builds`, { transition: 'delete' })).id)
  }
  const row = (name: string, all: readonly Round[]): string[] => [
    name,
    ...(['build', 'connected', 'stop'] as const).map((what) => figure(median(all.map((one) => one[what])))),
  ]
  const every = [...found.first, ...found.again]
  return {
    question: 'How long does somebody wait for a workspace?',
    method:
      `The starter local, ${rounds} workspaces one after the other: medians. A build is a run of Terraform with all that is ` +
      'around it; connected is from its end, or from where the agent came before it, until the agent is connected; the ' +
      'stop ends an agent without stop scripts.',
    header: ['start', 'build ms', 'until connected ms', 'stop ms'],
    rows: [row('first', found.first), row('again', found.again)],
    targets: [
      atMost('connected after the build, s', median(every.map(({ connected }) => connected)) / 1_000, 2),
      atMost('pause beyond stop scripts, s', median(every.map(({ stop }) => stop)) / 1_000, 1),
    ],
    doubts: [],
  }
}

async function startAndStop(server: RunningServer, id: string, build: string): Promise<Round> {
  const started = await ended(server, build)
  const connectedAt = await until(async () => {
    const [agent] = await asked(server, 'GET', `workspaces/${id}/agents`)
    return agent?.status === 'connected' ? Date.parse(agent.first_connected_at) : null
  })
  const stop = await ended(server, (await asked(server, 'POST', `workspaces/${id}/builds`, { transition: 'stop' })).id)
  return {
    build: started.endedMs - started.begunMs,
    connected: Math.max(0, connectedAt - started.endedMs),
    stop: stop.endedMs - stop.begunMs,
  }
}

async function pushed(server: RunningServer): Promise<string> {
  const { id } = await asked(server, 'POST', 'organizations/default/templateversions', { example_id: 'local' })
  const job = await until(async () => {
    const { job: found } = await asked(server, 'GET', `templateversions/${id}`)
    return found.completed_at === null ? null : found
  })
  if (job.error !== null) throw new Error(job.error)
  await asked(server, 'POST', 'organizations/default/templates', { name: 'local', template_version_id: id })
  return id
}

interface Times {
  readonly begunMs: number
  readonly endedMs: number
}

function ended(server: RunningServer, build: string): Promise<Times> {
  return until(async () => {
    const { job } = await asked(server, 'GET', `workspacebuilds/${build}`)
    if (job.error !== null) throw new Error(job.error)
    if (job.completed_at === null) return null
    return { begunMs: Date.parse(job.started_at), endedMs: Date.parse(job.completed_at) }
  })
}

async function asked(server: RunningServer, method: string, path: string, body?: unknown) {
  const { status, json } = await server.api(method, `/api/v2/${path}`, body)
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`)
  return json
}

async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
    const found = await look()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  throw new Error('it took longer than a minute')
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

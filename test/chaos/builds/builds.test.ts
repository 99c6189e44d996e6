import { expect, test } from 'vitest'
import pg from 'pg'
import { connectionOptions } from '../../../server/src/db/connection.ts'
import { stillRunning } from '../../support/processes.ts'
import { eventually } from '../../support/record.ts'
import { whyNoTerraform } from '../../support/terraform/run-terraform.ts'
import { mayhem, type Strikes } from '../mayhem.ts'
import { randomFrom } from '../random.ts'
import { pause } from '../truth.ts'
import { type Cloud, startCloud, type Thing } from '../../support/cloud.ts'
import { type BuildDeployment, buildTroubles, startBuildDeployment } from './deployment.ts'

const seed = Number(process.env['REEVE_CHAOS_SEED'] ?? 20_261_121)
const seconds = Number(process.env['REEVE_CHAOS_SECONDS'] ?? 25)
/** On a machine that is busy with other things it takes longer until everything was struck. */
const mostSeconds = 4 * seconds
const workspaceCount = 5
/**
 * Terraform writes down what it made when the call of it is over; a kill before that is felt by every user of it. Both
 * times have room for a machine that does ten things at once.
 */
const writtenWithinMs = 3_000
/** A cancel, and a lease that a dead database does not renew, become a kill only later. */
const killedWithinMs = 10_000
const noTerraform = whyNoTerraform('builds that are killed')

test(
  'kills of servers, Terraform and PostgreSQL lose nothing that a build made, and no workspace is built twice at once',
  { timeout: (mostSeconds + 600) * 1000 },
  async (context) => {
    if (noTerraform !== null) context.skip(noTerraform)
    await using cloud = await startCloud()
    await using deployment = await startBuildDeployment(cloud)
    const { strikes, struckAt } = await buildUnder(deployment, cloud)
    const ids = await settled(deployment)
    // The tasks go on in peace: there is something to count, and something to take away, however often they were struck.
    for (const id of await ofTasks(deployment)) await startedWell(deployment, id)
    const before = new Map(cloud.things)
    const counts = await buildsOf(deployment)
    const near = (made: number) => (at: number) => at > made - killedWithinMs && at < made + writtenWithinMs
    const spared = ({ run, madeAt }: Thing) =>
      cloud.lastCall(run) > madeAt + writtenWithinMs || !struckAt.some(near(madeAt))
    for (const id of ids) await deleted(deployment, id)
    const left = [...cloud.things.values()]
    for (const { run, madeAt } of left) {
      const last = struckAt.filter((at) => at < madeAt + killedWithinMs).map((at) => Math.round(at - madeAt))
      console.log(
        `left: heard of for ${Math.round(cloud.lastCall(run) - madeAt)} ms, strikes at ${last.slice(-5).join(', ')} ms`,
      )
    }
    console.log(
      `seed ${seed}, ${seconds} s: ${cloud.made} things made, ${before.size} there at the end, ${left.length} left ` +
        `behind, of them ${left.filter(spared).length} by no strike; ${counts.summed} builds counted of ` +
        `${JSON.stringify(counts.statuses)}; ` +
        JSON.stringify(strikes),
    )
    for (const [what, times] of Object.entries(strikes)) expect([what, times > 0]).toEqual([what, true])
    expect(cloud.overlaps).toEqual([])
    expect(deployment.bereaved.length).toBeGreaterThan(0)
    await expect.poll(() => stillRunning(deployment.bereaved)).toEqual([])
    expect(left.filter(spared)).toEqual([])
    expect(left.length).toBeLessThanOrEqual(struckAt.length)
    expect(before.size).toBeGreaterThan(0)
    expect(counts.decided).toEqual(counts.started)
    expect(counts.counted).toEqual(counts.due)
    expect(counts.summed).toBe(counts.due.length)
    expect(counts.due.length).toBeGreaterThan(0)
    expect(counts.failed).toBeGreaterThan(0)
    for (const server of deployment.servers) expect(await server.stop(), server.output().slice(-4_000)).toBe(0)
  },
)

/** Workspaces that are started and stopped all the time while everything around them breaks. */
async function buildUnder(
  deployment: BuildDeployment,
  cloud: Cloud,
): Promise<{ readonly strikes: Strikes; readonly struckAt: readonly number[] }> {
  const over = new AbortController()
  const random = randomFrom(seed)
  const struckAt: number[] = []
  const building = Promise.all(
    Array.from({ length: workspaceCount }, (_, index) =>
      keepBuilding(deployment, `ws-${index}`, index % 2 === 0, over.signal),
    ),
  )
  const onStrike = (): void => void struckAt.push(performance.now())
  const troubles = buildTroubles(deployment, { random, made: () => cloud.made, onStrike })
  const strikes = await mayhem(troubles, random, { leastMs: seconds * 1000, mostMs: mostSeconds * 1000 })
  over.abort()
  await building
  return { strikes, struckAt }
}

async function keepBuilding(
  { api, templateId }: BuildDeployment,
  name: string,
  ofTask: boolean,
  over: AbortSignal,
): Promise<void> {
  let id: string | null = null
  for (let turn = 0; !over.aborted; turn++) {
    if (id === null) {
      // Where the answer was lost it is there all the same.
      if (ofTask) {
        const asked = { name, template_id: templateId, input: 'tidy up', idempotency_key: name }
        id = (await api('POST', 'tasks/me', asked)).json.workspace_id ?? null
      } else {
        await api('POST', 'users/me/workspaces', { name, template_id: templateId })
        const found = await api('GET', `users/me/workspace/${name}`)
        id = found.status === 200 ? found.json.id : null
      }
    } else {
      const { json } = await api('GET', `workspaces/${id}`)
      const hasEnded = json.latest_build?.job?.completed_at != null
      const isStop = turn % 3 === 0
      if (hasEnded && ofTask && turn % 2 === 0) await api('POST', `tasks/me/${name}/${isStop ? 'pause' : 'resume'}`)
      else if (hasEnded) await api('POST', `workspaces/${id}/builds`, { transition: isStop ? 'stop' : 'start' })
    }
    await pause(150)
  }
}

async function ofTasks({ api }: BuildDeployment): Promise<string[]> {
  const { json } = await api('GET', 'tasks')
  return json.tasks.map(({ workspace_id: id }: { workspace_id: string }) => id)
}

async function startedWell({ api }: BuildDeployment, id: string): Promise<void> {
  await api('POST', `workspaces/${id}/builds`, { transition: 'start' })
  await eventually(
    async () => (await api('GET', `workspaces/${id}`)).json.latest_build?.status,
    (status) => status === 'running',
    180_000,
  )
}

/** Every build has ended: those whose server was killed too. */
async function settled({ api }: BuildDeployment): Promise<string[]> {
  const workspaces = await eventually(
    async () => (await api('GET', 'workspaces')).json.workspaces,
    (all) => Array.isArray(all) && all.every(({ latest_build: build }) => build.job.completed_at !== null),
    180_000,
  )
  return workspaces.map(({ id }: { id: string }) => id)
}

async function deleted({ api }: BuildDeployment, id: string): Promise<void> {
  await api('POST', `workspaces/${id}/builds`, { transition: 'delete' })
  await eventually(
    async () => (await api('GET', `workspaces/${id}`)).status,
    (status) => status === 404 || status === 410,
    180_000,
  )
}

interface Counts {
  readonly statuses: Readonly<Record<string, number>>
  readonly failed: number
  /** The builds that were to start something, and those that the meter has decided about. */
  readonly started: readonly string[]
  readonly decided: readonly string[]
  /** The starts of tasks that went well, and those that were counted. */
  readonly due: readonly string[]
  readonly counted: readonly string[]
  /** What the sums of the days say. */
  readonly summed: number
}

async function buildsOf({ postgres }: BuildDeployment): Promise<Counts> {
  const client = new pg.Client(connectionOptions(postgres.connection))
  await client.connect()
  try {
    const { rows } = await client.query(
      `select b.id, b.transition, j.status, t.id is not null as is_task from workspace_builds b
       join provisioner_jobs j on j.id = b.job_id left join tasks t on t.workspace_id = b.workspace_id order by b.id`,
    )
    const meter = await client.query('select build_id, counted from agent_workspace_builds order by build_id')
    const days = await client.query('select coalesce(sum(builds), 0)::int as builds from agent_workspace_builds_daily')
    const statuses: Record<string, number> = {}
    for (const { transition, status } of rows)
      statuses[`${transition} ${status}`] = (statuses[`${transition} ${status}`] ?? 0) + 1
    const started = rows.filter(({ transition }) => transition === 'start')
    return {
      statuses,
      failed: rows.filter(({ status }) => status === 'failed').length,
      started: started.map(({ id }) => id),
      decided: meter.rows.map(({ build_id: id }) => id),
      due: started.filter(({ status, is_task: isTask }) => isTask && status === 'succeeded').map(({ id }) => id),
      counted: meter.rows.filter(({ counted }) => counted).map(({ build_id: id }) => id),
      summed: days.rows[0].builds,
    }
  } finally {
    await client.end()
  }
}

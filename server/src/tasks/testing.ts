import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Fault, Secret, silentLog } from '@reeve/base'
import type { AgentApiMessage } from '@reeve/sdk'
import { Registry } from 'prom-client'
import type { AgentPlan } from '../provisioning/resource.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import type { Builder } from '../workspaces/build-job.ts'
import { type WorkspaceWorld, workspaceWorld } from '../workspaces/testing.ts'
import { registerTaskMetrics } from './metrics.ts'
import { taskRoutes } from './routes.ts'
import type { TaskRoom } from './task-room.ts'
import { tendTasks } from './tending.ts'

/** Tasks over real sockets; their builds make what a test says, and their agents are dialled at a server of the test. */
export interface TaskWorld extends AsyncDisposable {
  readonly world: WorkspaceWorld
  readonly room: TaskRoom
  readonly metrics: Registry
  readonly api: TestAgentApi
  /** Of the people of these tests: one with tasks, and one with templates. */
  readonly dev: string
  readonly admin: string
  /** Versions of a template for tasks, and of one that is not. */
  readonly versionId: string
  readonly templateId: string
  readonly plainVersionId: string
  readonly call: WorkspaceWorld['call']
  /** Builds that go well, with an agent whose app is the AgentAPI. */
  readonly builder: Builder
  // oxlint-disable-next-line no-explicit-any -- as it comes over the wire
  create(body?: object, token?: string): Promise<any>
  /** Made, built, and its agent there. */
  // oxlint-disable-next-line no-explicit-any -- as above
  active(body?: object): Promise<any>
  // oxlint-disable-next-line no-explicit-any -- as above
  task(id: string, token?: string): Promise<any>
  /** What the agent of its latest start is like. It is not connected: no build waits for it to stop. */
  agentIs(taskId: string, facts: AgentFacts): Promise<void>
  /** Once, as a server does it over and over. */
  tend(): Promise<void>
  cut: boolean
}

interface AgentFacts {
  readonly lifecycle?: string
  readonly health?: string
  readonly state?: 'working' | 'idle' | 'complete' | 'failure'
}

export const appSlug = 'chat'

/** A start that made one agent, with the app of a task. */
export function taskStart(url: string, token: string = randomUUID()): BuildResult {
  const appId = randomUUID()
  const app = { id: appId, slug: appSlug, displayName: 'Chat', url, icon: '', external: false, hidden: false }
  const agent = {
    id: randomUUID(),
    address: 'coder_agent.main',
    name: 'main',
    os: 'linux',
    arch: 'amd64',
    auth: 'token',
    token: new Secret(token),
    instanceId: null,
    connectionTimeoutSeconds: 120,
    directory: '',
    env: {},
    envs: [],
    scripts: [],
    metadata: [],
    startupScript: '',
    shutdownScript: '',
    apps: [{ ...app, healthcheck: { url: `${url}/status`, intervalSeconds: 3, threshold: 20 } }],
    // SAFETY: what these tests come by of it.
  } as unknown as AgentPlan
  const resource = {
    address: 'a.b',
    type: 'a',
    name: 'b',
    mode: 'managed',
    metadata: [],
    hide: false,
    icon: '',
  } as const
  return { ...nothingMade, resources: [{ ...resource, dailyCost: 0, agents: [agent] }], aiTasks: [{ id: 't', appId }] }
}

export const nothingMade: BuildResult = {
  state: Buffer.from(JSON.stringify({ version: 4, serial: 1, resources: [] })),
  failure: null,
  resources: [],
  aiTasks: [],
  parameters: new Map(),
  dailyCost: 0,
  timings: [],
}

export async function taskWorld(): Promise<TaskWorld> {
  await using undo = new AsyncDisposableStack()
  const api = undo.use(await testAgentApi())
  const metrics = new Registry()
  let room: TaskRoom | null = null
  const dial: TaskRoom['dial'] = async (_, port) => {
    if (made.cut) throw new Fault('conflict', 'the agent is not connected')
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  const world = undo.use(
    await workspaceWorld((shared) => {
      room = { ...shared, dial, metrics: registerTaskMetrics(metrics, { db: shared.db, log: silentLog }) }
      return taskRoutes(room)
    }),
  )
  const { identity, call } = world
  await identity.owner()
  const dev = await identity.person('dev')
  const admin = await identity.person('tess', 'template-admin')
  const { sql: db } = identity.db

  /** An import needs Terraform; what these tests are about does not. */
  async function version(name: string, hasAiTask: boolean) {
    const { id, job } = await world.version(admin, `# ${name}`)
    await db.updateTable('provisioner_jobs').set({ error: null, error_code: null }).where('id', '=', job.id).execute()
    const found = { parameters: [], variables: [], presets: [], externalAuth: [], resources: [], tags: {} }
    const set = { has_ai_task: hasAiTask, found: JSON.stringify(found) }
    await db.updateTable('template_versions').set(set).where('id', '=', id).execute()
    const body = { name, template_version_id: id }
    const template = await call('POST', 'organizations/default/templates', admin, body)
    return { versionId: id, templateId: template.json.id }
  }
  const { versionId, templateId } = await version('agent-small', true)
  const { versionId: plainVersionId } = await version('plain', false)

  const builder: Builder = {
    apply: async ({ context }: BuildRun) => (context.transition === 'start' ? taskStart(api.url) : nothingMade),
    destroy: async () => nothingMade,
  }
  const resources = undo.move()
  const made: TaskWorld = {
    world,
    room: room!,
    metrics,
    api,
    dev,
    admin,
    versionId,
    templateId,
    plainVersionId,
    call,
    builder,
    cut: false,
    async create(body = {}, token = dev) {
      const answer = await call('POST', 'tasks/me', token, { template_version_id: versionId, input: 'Do it', ...body })
      if (answer.status !== 201) throw new Error(`not made: ${JSON.stringify(answer.json)}`)
      return answer.json
    },
    async active(body = {}) {
      const task = await made.create(body)
      await world.built(dev, task.workspace_build_id)
      await made.agentIs(task.id, { lifecycle: 'ready', health: 'healthy' })
      return made.task(task.id)
    },
    task: async (id, token = dev) => (await call('GET', `tasks/me/${id}`, token)).json,
    async agentIs(taskId, { lifecycle, health, state }) {
      const { workspace_agent_id: id } = await made.task(taskId)
      const now = identity.clock.now()
      const status = { app_slug: appSlug, state, message: 'As it says', uri: '', created_at: now.toISOString() }
      await db
        .updateTable('workspace_agents')
        .set({
          ...(lifecycle === undefined ? {} : { lifecycle }),
          ...(health === undefined ? {} : { app_health: JSON.stringify({ [appSlug]: health }) }),
          ...(state === undefined ? {} : { app_status: JSON.stringify(status) }),
        })
        .where('id', '=', id)
        .execute()
    },
    tend: () => tendTasks(room!, new AbortController().signal),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
  return made
}

/** An AgentAPI as `reeve agent serve` has it, whose agent is the test. */
export interface TestAgentApi extends AsyncDisposable {
  readonly url: string
  status: 'stable' | 'running'
  messages: AgentApiMessage[]
  readonly sent: string[]
  /** Says it to those who listen, and whoever asks later. */
  say(role: AgentApiMessage['role'], content: string): void
  /** The last message, longer. */
  grow(content: string): void
  /** Instead of what it would answer; `null` as usual. */
  answer: ((res: ServerResponse) => void) | null
}

export async function testAgentApi(): Promise<TestAgentApi> {
  const listeners = new Set<ServerResponse>()
  const server = createServer((req, res) => {
    if (api.answer !== null) return api.answer(res)
    if (req.headers.host?.startsWith('localhost:') !== true) return void res.writeHead(400).end()
    const json = (value: object) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (req.url === '/status') return void json({ status: api.status, agent_type: 'claude' })
    if (req.url === '/messages') return void json({ messages: api.messages })
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const message of api.messages) tell(res, message)
      listeners.add(res)
      return void res.on('close', () => listeners.delete(res))
    }
    let text = ''
    req.on('data', (piece) => (text += piece))
    req.on('end', () => {
      api.sent.push(JSON.parse(text).content)
      json({ ok: true })
    })
  })
  const tell = (res: ServerResponse, { content: message, ...rest }: AgentApiMessage) =>
    res.write(`event: message_update\ndata: ${JSON.stringify({ ...rest, message })}\n\n`)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: it listens on a port.
  const { port } = server.address() as AddressInfo
  const api: TestAgentApi = {
    url: `http://localhost:${port}`,
    status: 'stable',
    messages: [],
    sent: [],
    answer: null,
    say(role, content) {
      api.messages.push({ id: api.messages.length, role, content, time: '2026-01-01T00:00:00.000Z' })
      for (const res of listeners) tell(res, api.messages.at(-1)!)
    },
    grow(content) {
      const last = api.messages.pop()!
      api.messages.push({ ...last, content })
      for (const res of listeners) tell(res, api.messages.at(-1)!)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return api
}

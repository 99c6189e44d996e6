import { setTimeout as delay } from 'node:timers/promises'
import { Fault, toError } from '@reeve/base'
import { type Client, endpoints, recordOf, type Workspace, type WorkspaceAgent } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { writerTo } from '../output/writer.ts'
import { outputOf } from './agent-output.ts'
import { connectAgent } from './agent-streams.ts'
import { awaitAgent } from './await-agent.ts'
import { scriptsEnded } from './await-scripts.ts'

/** What a test asks of a workspace that was built: that its agents come, that they get ready, that a command runs. */

const lookMs = 1_000
/** How often an agent that is gone is looked for: it may be back when its connection is. */
const looksMax = 30

export async function agentsConnected(
  context: Context,
  client: Client,
  { id }: Workspace,
): Promise<readonly WorkspaceAgent[]> {
  const { signal } = context.io
  const agents = await client.call(endpoints.listWorkspaceAgents, { params: { workspace: id }, signal })
  for (const agent of agents) {
    const look = looking(context, client, agent)
    await awaitAgent(agent, look, context.io)
    await backAgain(look, signal)
  }
  return agents
}

const looking =
  ({ io: { signal } }: Context, client: Client, { id }: WorkspaceAgent) =>
  () =>
    client.call(endpoints.getWorkspaceAgent, { params: { agent: id }, signal })

async function backAgain(look: () => Promise<WorkspaceAgent>, signal: AbortSignal): Promise<WorkspaceAgent> {
  for (let looks = 1; ; looks++) {
    const agent = await look()
    if (agent.status === 'connected') return agent
    if (looks === looksMax) throw new Fault('unavailable', `the agent ${agent.name} is gone`)
    await delay(lookMs, null, { signal })
  }
}

/** All of them have run their start scripts, and none of these failed. */
export async function scriptsHeld(
  context: Context,
  client: Client,
  workspace: Workspace,
  agents: readonly WorkspaceAgent[],
): Promise<void> {
  for (const agent of agents) {
    const { lifecycle_state: state } = await ready(context, client, agent)
    if (state === 'ready') continue
    const why = await failedScripts(context, client, workspace, agent)
    throw new Fault('conflict', why === '' ? `the agent ${agent.name} is not ready: ${words[state] ?? state}` : why)
  }
}

const words: Readonly<Record<string, string>> = {
  start_error: 'a start script failed',
  start_timeout: 'a start script did not end in time',
}

async function ready(context: Context, client: Client, agent: WorkspaceAgent): Promise<WorkspaceAgent> {
  const { signal } = context.io
  const look = looking(context, client, agent)
  const params = { agent: agent.id }
  const lines = (after: number) => client.call(endpoints.listWorkspaceAgentLogs, { params, query: { after }, signal })
  for (;;) {
    await backAgain(look, signal)
    const ended = await scriptsEnded({ agent: look, lines }, context.io)
    if (ended.status === 'connected') return ended
  }
}

/** Empty where nothing is known of them. */
async function failedScripts(
  { io: { signal } }: Context,
  client: Client,
  { latest_build: { id: build } }: Workspace,
  { id }: WorkspaceAgent,
): Promise<string> {
  const { agent_script_timings: runs } = await client.call(endpoints.listWorkspaceBuildTimings, {
    params: { build },
    signal,
  })
  return runs
    .filter((run) => run.workspace_agent_id === id && run.stage === 'start' && run.status !== 'ok')
    .map(({ display_name: name, status, exit_code: code, workspace_agent_name: agent }) => {
      const how = status === 'timed_out' ? 'did not end in time' : `ended with exit code ${code ?? 'unknown'}`
      return `the script "${name}" of ${agent} ${how}`
    })
    .join('; ')
}

/** Where the command runs: in the agent that was named, or the only one that there is. */
export function agentFor(agents: readonly WorkspaceAgent[], wanted: string | undefined): WorkspaceAgent {
  const [first, ...others] = agents.filter(({ name }) => wanted === undefined || name === wanted)
  const names = agents.map(({ name }) => name).join(', ')
  if (first === undefined) {
    const fix = names === '' ? 'leave the command out' : `choose from ${names}`
    throw new Fault('not_found', `the workspace has no ${wanted === undefined ? 'agent' : `agent ${wanted}`}`, { fix })
  }
  if (others.length === 0) return first
  throw new Fault('invalid', 'the workspace has several agents', { fix: `give --agent: ${names}` })
}

/** What it says goes to standard error: standard output is for the answer. */
export async function commandHeld(
  context: Context,
  { id }: Workspace,
  agent: WorkspaceAgent,
  command: string,
): Promise<void> {
  const { io } = context
  using streams = await connectAgent(context, `${id}.${agent.name}`, { agent: false, scripts: 'no' })
  const stream = streams.open({ kind: 'process', command, terminal: null, session: null })
  const leave = (): void => void stream.destroy()
  io.signal.addEventListener('abort', leave, { once: true })
  try {
    if (io.signal.aborted) leave()
    else stream.write(recordOf('input_end'))
    const code = await said(context, outputOf(stream, io))
    if (code !== 0) throw new Fault('conflict', `the command ended with exit code ${code}`)
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : new Fault('unavailable', toError(thrown).message, { cause: thrown })
  } finally {
    io.signal.removeEventListener('abort', leave)
  }
}

async function said({ io: { stderr } }: Context, output: AsyncGenerator<Uint8Array, number>): Promise<number> {
  const out = writerTo(stderr)
  for (;;) {
    const told = await output.next()
    if (told.done === true) return told.value
    await out.write(told.value)
  }
}

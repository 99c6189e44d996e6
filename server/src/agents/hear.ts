import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import { type AgentFrame, type AgentLine, agentLogLineCharsMax, type AgentOrder, type AgentScriptRun } from '@reeve/sdk'
import type { AgentRoom } from './agent-room.ts'
import { type KeptPlan, manifestOf, tokensOf } from './manifest.ts'
import {
  type AgentRow,
  insertLines,
  insertScriptRun,
  lockAgent,
  mergeFacts,
  tellFollowers,
  tellHolders,
  updateLive,
} from './queries.ts'

/**
 * What an agent says is kept, as far as its template and the bounds let it: anybody in the workspace may have the token
 * and say anything.
 */

/** Of one agent, all builds of it being agents of their own. */
const logCharsMax = 1024 * 1024

export const ended = (): Fault => new Fault('unauthenticated', 'this agent has ended')

export async function greet(
  room: AgentRoom,
  agent: AgentRow,
  { version }: Extract<AgentFrame, { kind: 'hello' }>,
  connection: { readonly id: Uuid; readonly relayUrl: string },
): Promise<AgentOrder> {
  const now = room.clock.now()
  return room.db.transaction(async (tx) => {
    const locked = await lockAgent(tx, agent.id)
    if (locked === undefined) throw ended()
    const tokens = await tokensOf(tx, room, locked)
    await updateLive(tx, agent.id, {
      version: storable(version),
      first_connected_at: locked.first_connected_at ?? now,
      last_connected_at: now,
      disconnected_at: null,
      connection_id: connection.id,
      connection_url: connection.relayUrl,
    })
    await tellHolders(tx, agent.workspace_id)
    return { kind: 'manifest', manifest: manifestOf(room, locked, tokens) }
  })
}

/** What it is answered, if anything. */
export async function hear(
  room: AgentRoom,
  agent: AgentRow,
  plan: KeptPlan,
  frame: Exclude<AgentFrame, { kind: 'hello' }>,
): Promise<AgentOrder | null> {
  const { db } = room
  switch (frame.kind) {
    case 'lifecycle': {
      const at = new Date(frame.at)
      const started = frame.state === 'starting' ? { started_at: at, ready_at: null } : {}
      const ready = /^(?:ready|start_error|start_timeout)$/.test(frame.state) ? { ready_at: at } : {}
      await updateLive(db.sql, agent.id, { lifecycle: frame.state, ...started, ...ready })
      return null
    }
    case 'logs':
      return { kind: 'kept', through: await keepSaid(room, agent, frame.lines) }
    case 'metadata': {
      const known = new Set(plan.metadata.map(({ key }) => key))
      const facts = frame.items.filter(({ key }) => known.has(key)).map(({ key, ...fact }) => [key, fact])
      await mergeFacts(db.sql, agent.id, 'metadata', JSON.parse(storable(JSON.stringify(Object.fromEntries(facts)))))
      return null
    }
    case 'apps': {
      const known = new Set(plan.apps.map(({ slug }) => slug))
      const facts = frame.items.filter(({ slug }) => known.has(slug)).map(({ slug, health }) => [slug, health])
      await mergeFacts(db.sql, agent.id, 'app_health', Object.fromEntries(facts))
      return null
    }
    case 'script':
      await keepRun(room, agent, frame.run)
      return null
    case 'stats':
      await updateLive(db.sql, agent.id, { stats: JSON.stringify(frame.stats), last_connected_at: room.clock.now() })
      return null
  }
}

async function keepRun({ db, clock }: AgentRoom, { id }: AgentRow, run: AgentScriptRun): Promise<void> {
  await db.transaction(async (tx) => {
    const agent = await lockAgent(tx, id)
    if (agent === undefined) throw ended()
    const { source, started_at, ended_at, ...facts } = run
    const row = { ...facts, source: storable(source), started_at: new Date(started_at), ended_at: new Date(ended_at) }
    await insertScriptRun(tx, { id: uuidv7(clock.now()), agent_id: id, ...row })
  })
}

/** Lines with the agent's own numbers, of which it says some again after a lost connection. The last that is kept. */
async function keepSaid(room: AgentRoom, { id }: AgentRow, lines: readonly AgentLine[]): Promise<number> {
  return room.db.transaction(async (tx) => {
    const agent = await lockAgent(tx, id)
    if (agent === undefined) throw ended()
    const fresh = lines.filter(({ number }) => number >= agent.said_next)
    const next = fresh.reduce((most, { number }) => Math.max(most, number + 1), agent.said_next)
    if (next > numbersMax) throw new Fault('invalid', 'an agent has said too much')
    await keep(tx, agent, fresh)
    await updateLive(tx, id, { said_next: next })
    return next - 1
  })
}

const numbersMax = 2 ** 31 - 1

/** Lines of whoever has the token, which come after all that are there. */
export async function keepLines(
  room: Pick<AgentRoom, 'db'>,
  { id }: AgentRow,
  lines: readonly Omit<AgentLine, 'number'>[],
): Promise<void> {
  await room.db.transaction(async (tx) => {
    const agent = await lockAgent(tx, id)
    if (agent === undefined) throw ended()
    await keep(tx, agent, lines)
  })
}

type Tx = Parameters<typeof lockAgent>[0]

/** The caller holds the row. What is beyond the bound is left out, and the row says so. */
async function keep(tx: Tx, agent: AgentRow, lines: readonly Omit<AgentLine, 'number'>[]): Promise<void> {
  let { log_next: number, log_chars: chars, logs_overflowed: isOver } = agent
  const kept: AgentLine[] = []
  for (const line of lines) {
    isOver ||= chars + line.output.length > logCharsMax
    if (isOver) break
    const output = storable(line.output).slice(0, agentLogLineCharsMax)
    kept.push({ ...line, output, source: storable(line.source), number: number++ })
    // A line without a word takes room as well.
    chars += output.length + 1
  }
  await insertLines(tx, agent.id, kept)
  if (kept.length > 0) await tellFollowers(tx, agent.id)
  await updateLive(tx, agent.id, { log_next: number, log_chars: chars, logs_overflowed: isOver })
}

/** As PostgreSQL can hold it: text of it has neither NUL nor half a surrogate pair. */
export const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

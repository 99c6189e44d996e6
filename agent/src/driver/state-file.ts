import { open, readFile, rename } from 'node:fs/promises'
import { Fault } from '@reeve/base'
import { agentTypes, type AgentType, field, isSessionId } from './agent-driver.ts'
import type { Message } from './conversation.ts'
import type { ProcessMark } from './process-tree.ts'

/**
 * What a pause keeps: AgentAPI's state file of version 1, and in `agent` what it takes to go on with the conversation in
 * the agent itself, whose own store lies in the home. Written whole beside the old one and put in its place, so that
 * whoever reads finds the one or the other.
 */
export interface DriverState {
  readonly messages: readonly Message[]
  readonly initialPrompt: string
  readonly initialPromptSent: boolean
  readonly type: AgentType
  readonly sessionId: string | null
  /** The process that talks, for the next driver to end should this one die without doing so. */
  readonly process: ProcessMark | null
}

export async function readState(path: string): Promise<DriverState | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    if (field(thrown, 'code') === 'ENOENT') return null
    throw new Fault('invalid', `The state file ${path} cannot be read.`, { cause: thrown })
  }
  const state = parsed(text)
  if (state === null) {
    const fix = 'Move it away to begin a new conversation.'
    throw new Fault('invalid', `The state file ${path} is not a conversation of version 1.`, { fix })
  }
  return state
}

async function writeState(path: string, state: DriverState): Promise<void> {
  const text = JSON.stringify({
    version: 1,
    messages: state.messages,
    initial_prompt: state.initialPrompt,
    initial_prompt_sent: state.initialPromptSent,
    agent: { type: state.type, session_id: state.sessionId, process: state.process },
  })
  const beside = `${path}.new`
  // Only its owner reads it: prompts hold what people know.
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}

/**
 * Saves what `present` gives: one write at a time. Whoever asks while one runs is answered by the next, which holds all
 * that came in between.
 */
export function stateSaver(
  path: string,
  present: () => DriverState,
  onFailure: (thrown: unknown) => void,
): () => Promise<void> {
  let writing: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  return () =>
    (next ??= writing.then(() => {
      next = null
      writing = writeState(path, present()).catch(onFailure)
      return writing
    }))
}

function parsed(text: string): DriverState | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const messages = field(value, 'messages')
  const initialPrompt = field(value, 'initial_prompt') ?? ''
  const agent = field(value, 'agent')
  const sessionId = field(agent, 'session_id')
  const type = agentTypes.find((one) => one === field(agent, 'type'))
  if (field(value, 'version') !== 1 || !Array.isArray(messages) || typeof initialPrompt !== 'string') return null
  if (!messages.every(isMessage)) return null
  return {
    messages,
    initialPrompt,
    initialPromptSent: field(value, 'initial_prompt_sent') === true,
    type: type ?? 'claude',
    sessionId: type !== undefined && isSessionId(sessionId) ? sessionId : null,
    process: processMark(field(agent, 'process')),
  }
}

function isMessage(value: unknown): value is Message {
  const role = field(value, 'role')
  return (
    Number.isSafeInteger(field(value, 'id')) &&
    (role === 'user' || role === 'agent') &&
    typeof field(value, 'content') === 'string' &&
    typeof field(value, 'time') === 'string'
  )
}

function processMark(value: unknown): ProcessMark | null {
  const pid = field(value, 'pid')
  const startedTicks = field(value, 'startedTicks')
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1 || typeof startedTicks !== 'string') return null
  return { pid, startedTicks }
}

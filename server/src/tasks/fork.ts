import { Fault, toError } from '@reeve/base'
import { type AgentApiMessage, type Task, taskPromptCharsMax } from '@reeve/sdk'
import { type Scope, signedIn } from '../http/implement.ts'
import { agentApiOf, readWords } from './conversation.ts'
import { createTask, type Made } from './create-task.ts'
import { statusOf } from './lifecycle.ts'
import { factsOf } from './present.ts'
import { findBoundaryPolicy, findSnapshot, type TaskRow } from './queries.ts'
import { taskFor, type TaskRef } from './reachable.ts'
import type { TaskRoom } from './task-room.ts'

/**
 * A new task like another one: of the same version of its template, with the same parameters, labels, limits and policy,
 * and with what was said so far in its prompt, as text to read. Neither the disk nor the agent's own memory is taken along, and
 * both go on without each other.
 */

interface Fork {
  readonly input?: string | undefined
  readonly name?: string | undefined
  readonly display_name?: string | undefined
}

const askingMs = 5_000

export async function forkTask(room: TaskRoom, scope: Scope, ref: TaskRef, given: Fork): Promise<Made> {
  const actor = signedIn(scope)
  const row = await taskFor(room, actor, ref, 'task:read')
  await readWords(room, scope, actor, row)
  const messages = await saidSoFar(room, row)
  const input = forkedPrompt(given.input ?? row.prompt, row.name, messages)
  const wish = {
    template_version_id: row.template_version_id,
    template_version_preset_id: row.preset_id ?? undefined,
    // SAFETY: the columns are written by this room alone, from these types.
    rich_parameter_values: row.template_parameters as { name: string; value: string }[],
    labels: row.labels as Record<string, string>,
    token_budget: row.token_budget,
    time_limit_seconds: row.time_limit_seconds,
    on_limit: row.on_limit as Task['on_limit'],
    boundary_policy: (await findBoundaryPolicy(room.db.sql, row.id)) ?? undefined,
    input,
    name: given.name,
    display_name: given.display_name ?? row.display_name,
  }
  return createTask(room, scope, 'me', wish, row.id)
}

async function saidSoFar(room: TaskRoom, row: TaskRow): Promise<readonly AgentApiMessage[]> {
  if (statusOf(factsOf(row)) === 'active') {
    try {
      return await agentApiOf(room, row, askingMs).messages()
    } catch (thrown) {
      room.log.debug({ err: toError(thrown), task: row.id }, 'a task is forked with what is known of it')
    }
  }
  return findSnapshot(room.db.sql, row.id)
}

/** Of a long conversation the end, so that the whole is no longer than a prompt may be. */
export function forkedPrompt(input: string, name: string, messages: readonly AgentApiMessage[]): string {
  if (messages.length === 0) return input
  const head = `${input}\n\n---\nThis goes on from the task ${name}, of which you have none of the files. What was said in it:\n`
  let room = taskPromptCharsMax - head.length
  if (room <= 0) throw new Fault('invalid', 'with what was said so far this prompt is too long')
  const parts: string[] = []
  for (const { role, content } of messages.toReversed()) {
    const part = `\n${role === 'user' ? 'User' : 'Agent'}: ${content}\n`
    if (part.length > room) break
    parts.push(part)
    room -= part.length
  }
  return head + parts.toReversed().join('')
}

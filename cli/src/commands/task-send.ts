import { Fault } from '@reeve/base'
import { type Client, endpoints, type TaskDetails } from '@reeve/sdk'
import type { Context } from '../context.ts'
import type { Answer } from '../output/answer.ts'
import { buildEnded } from './build-ended.ts'
import { countsOne } from './builds-used.ts'
import { needPrompt, type PromptInput, readPrompt } from './task-prompt.ts'
import { settle } from './task-wait.ts'
import { addressOf, findTask, fullName, oneTask, pathOf } from './tasks.ts'

/** What is said to a task while it is there: to its agent, in place of its prompt, or to another one like it. */

interface Send extends PromptInput {
  readonly task: string
  readonly message: string | undefined
  readonly noResume: boolean
}

export async function sendToTask(context: Context, input: Send): Promise<Answer> {
  const words = await needPrompt(context, input.message, input, 'What is it to be told')
  const client = await context.client()
  const found = await findTask(context, client, input.task)
  if (found.status === 'paused') await resumed(context, client, found, input.noResume)
  const params = pathOf(found)
  const { signal } = context.io
  await client.call(endpoints.sendToTask, { params, body: { input: words }, signal })
  context.note(`told; what it answers: reeve tasks logs -f ${found.name}`)
  return oneTask(await client.call(endpoints.getTask, { params, signal }))
}

/** Nothing is told to an agent that is not there: it is started again, and told when it waits for it. */
async function resumed(context: Context, client: Client, found: TaskDetails, refuses: boolean): Promise<void> {
  if (refuses) {
    throw new Fault('conflict', `${fullName(found)} is paused`, {
      fix: `resume it: reeve tasks resume ${found.name}`,
    })
  }
  const counts = await countsOne(context, client)
  await context.confirm(`${fullName(found)} is paused, and resuming it ${counts}. Resume it and send?`)
  const params = pathOf(found)
  const { signal } = context.io
  const { workspace_build: build } = await client.call(endpoints.resumeTask, { params, signal })
  context.note(`resuming; it ${counts}`)
  await buildEnded(context, client, build.id, 'stages')
  const { outcome, task } = await settle(context, client, await client.call(endpoints.getTask, { params, signal }))
  if (outcome === 'done' || outcome === 'needs input') return
  if (outcome === 'timeout') throw new Fault('timeout', 'its agent did not come to wait for a message in time')
  throw new Fault('conflict', `it was resumed and is ${outcome}${task.error === '' ? '' : `: ${task.error}`}`)
}

interface Replace extends PromptInput {
  readonly task: string
  readonly prompt: string | undefined
}

export async function replaceInput(context: Context, input: Replace): Promise<Answer> {
  const words = await needPrompt(context, input.prompt, input, 'What is it to do')
  const client = await context.client()
  const found = await findTask(context, client, input.task)
  const params = pathOf(found)
  const { signal } = context.io
  await client.call(endpoints.setTaskInput, { params, body: { input: words }, signal })
  context.note(`it begins with this when it is resumed: reeve tasks resume ${found.name}`)
  return oneTask(await client.call(endpoints.getTask, { params, signal }))
}

export async function forkTask(context: Context, input: Replace): Promise<Answer> {
  const words = await readPrompt(context, input.prompt, input)
  const client = await context.client()
  const found = await findTask(context, client, input.task)
  const counts = await countsOne(context, client)
  const made = await client.call(endpoints.forkTask, {
    params: pathOf(found),
    body: words === null ? {} : { input: words },
    signal: context.io.signal,
  })
  context.note(`${fullName(made)} is made of ${found.name}; ${counts}`)
  context.note('it is given the conversation so far to read; files are not taken along')
  context.note(await addressOf(context, made))
  return oneTask(made)
}

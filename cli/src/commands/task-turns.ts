import { endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import type { Answer } from '../output/answer.ts'
import { buildEnded } from './build-ended.ts'
import { countsOne } from './builds-used.ts'
import { findTask, fullName, oneTask, pathOf } from './tasks.ts'

/** Pausing, resuming and deleting a task: builds of its workspace. */

interface Turn {
  readonly task: string
  readonly detach: boolean
}

export async function pauseTask(context: Context, { task, detach }: Turn): Promise<Answer> {
  const client = await context.client()
  const found = await findTask(context, client, task)
  const params = pathOf(found)
  const { signal, clock } = context.io
  const begunMs = clock.monotonicMs()
  const { workspace_build: build } = await client.call(endpoints.pauseTask, { params, signal })
  if (!detach) {
    await buildEnded(context, client, build.id, 'stages')
    const seconds = ((clock.monotonicMs() - begunMs) / 1_000).toFixed(1)
    context.note(`paused in ${seconds} s; its disk is kept, and what was said: reeve tasks logs ${found.name}`)
  }
  return oneTask(await client.call(endpoints.getTask, { params, signal }))
}

export async function resumeTask(context: Context, { task, detach }: Turn): Promise<Answer> {
  const client = await context.client()
  const found = await findTask(context, client, task)
  const params = pathOf(found)
  const { signal } = context.io
  const counts = await countsOne(context, client)
  const { workspace_build: build } = await client.call(endpoints.resumeTask, { params, signal })
  context.note(`resuming; it ${counts}`)
  if (!detach) {
    await buildEnded(context, client, build.id, 'stages')
    context.note(`resumed: reeve tasks logs -f ${found.name}`)
  }
  return oneTask(await client.call(endpoints.getTask, { params, signal }))
}

export async function deleteTask(context: Context, { task }: Pick<Turn, 'task'>): Promise<Answer> {
  const client = await context.client()
  const found = await findTask(context, client, task)
  await context.confirm(`Delete the task ${fullName(found)}? Its workspace and everything in it go with it.`)
  await client.call(endpoints.deleteTask, { params: pathOf(found), signal: context.io.signal })
  context.note(`${fullName(found)} is deleted; what is on record of it stays`)
  return oneTask(found)
}

import { Fault } from '@reeve/base'
import {
  type Client,
  endpoints,
  type Template,
  type TemplateVersion,
  type Workspace,
  type WorkspaceBuild,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { buildEnded } from './build-ended.ts'
import { findTemplate, orNull } from './templates.ts'
import { findWorkspace } from './workspaces.ts'

/** What a test has made is taken away again: by its name, as the answer that told of it may not have arrived. */

export async function deleteTested(context: Context, client: Client, name: string): Promise<string> {
  const found = await orNull(findWorkspace(context, client, name))
  if (found === null) return 'there was no workspace yet'
  await endBuild(context, client, found.latest_build)
  try {
    await deleted(context, client, found, false)
    return found.name
  } catch (thrown) {
    if (!(thrown instanceof Fault) || context.io.signal.aborted) throw thrown
    context.note(`${found.name} cannot be deleted (${thrown.message}): what it is made of is left where it is`)
    await deleted(context, client, found, true)
    throw new Fault('conflict', `what ${found.name} is made of is left where it is: ${thrown.message}`, {
      fix: 'take it away by hand, and see to it that a delete of the template goes well',
      cause: thrown,
    })
  }
}

async function deleted(context: Context, client: Client, { id }: Workspace, orphan: boolean): Promise<void> {
  const build = await client.call(endpoints.createWorkspaceBuild, {
    params: { workspace: id },
    body: { transition: 'delete', reason: 'cli', ...(orphan ? { orphan } : {}) },
    signal: context.io.signal,
  })
  await buildEnded(context, client, build.id, 'stages')
}

/** One that is under way is canceled, or waited for where that is not allowed. How it ends is of no account. */
async function endBuild(context: Context, client: Client, { id, job }: WorkspaceBuild): Promise<void> {
  if (isOver(job.status)) return
  context.note('ending the build that is under way')
  await regardless(client.call(endpoints.cancelWorkspaceBuild, { params: { build: id }, signal: context.io.signal }))
  await regardless(buildEnded(context, client, id, 'stages'))
}

const isOver = (status: WorkspaceBuild['job']['status']): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'canceled'

/** It has ended meanwhile, or this is not allowed. */
const regardless = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((thrown: unknown) => {
    if (!(thrown instanceof Fault) || !/^(?:conflict|forbidden)$/.test(thrown.code)) throw thrown
  })

/** A template that was made for the test goes, and its version with it. */
export async function removeTested(
  context: Context,
  client: Client,
  name: string,
  organization: string,
): Promise<Template | null> {
  const template = await orNull(findTemplate(context, client, name, organization))
  if (template === null) return null
  const { signal } = context.io
  await client.call(endpoints.deleteTemplate, { params: { template: template.id }, signal })
  return template
}

/** A version that did not hold is not offered to anybody. */
export async function archiveTested(context: Context, client: Client, { id }: TemplateVersion): Promise<void> {
  const { signal } = context.io
  const params = { version: id }
  const { job } = await client.call(endpoints.getTemplateVersion, { params, signal })
  if (!isOver(job.status)) await regardless(client.call(endpoints.cancelTemplateVersion, { params, signal }))
  await client.call(endpoints.archiveTemplateVersion, { params, signal })
}

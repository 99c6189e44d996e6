import { Fault } from '@reeve/base'
import { type Client, endpoints, type WorkspaceBuild } from '@reeve/sdk'
import type { Context } from '../context.ts'

/** Says what a build of a workspace says, or only its stages, until it has ended. One that does not end well is an error. */
export async function buildEnded(
  context: Context,
  client: Client,
  id: string,
  say: 'everything' | 'stages' = 'everything',
): Promise<WorkspaceBuild> {
  const params = { build: id }
  const { signal } = context.io
  let stage = ''
  for await (const line of await client.events(endpoints.followWorkspaceBuildLogs, { params, signal })) {
    if (line.stage !== stage) context.note(`> ${line.stage}`)
    stage = line.stage
    const isDetail = line.log_level === 'debug' || line.log_level === 'trace'
    if (say === 'everything' ? !isDetail : line.log_level === 'error') context.note(`  ${line.output}`)
  }
  const ended = await client.call(endpoints.getWorkspaceBuild, { params, signal })
  const { status, error } = ended.job
  if (status !== 'succeeded') throw new Fault('conflict', `the build ${status}: ${error ?? 'nothing is said of why'}`)
  return ended
}

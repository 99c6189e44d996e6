import { homedir } from 'node:os'
import { Fault } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import { boundaryFolder, boundaryPrograms } from './boundary-program.ts'
import type { LocalRoute } from './local-socket.ts'

/**
 * `GET /boundary`: the program, the control plane as the agent itself reaches it, and what boundaries of this workspace
 * register with, and which of the commands of the workspace it shows inside. The manifest is the latest: a control plane
 * that was upgraded gives another program than before.
 */
export function boundaryRoute(
  { url, env }: { readonly url: string; readonly env: Readonly<Record<string, string | undefined>> },
  manifest: () => AgentManifest,
  commands: readonly string[],
): LocalRoute {
  const programs = boundaryPrograms({ url, folder: boundaryFolder(env, env['HOME'] ?? homedir()) })
  return async () => {
    const { boundary } = manifest()
    if (boundary === null) throw new Fault('not_found', 'the control plane has no boundary to give')
    return { url, token: boundary.token, program: await programs(boundary.program), commands }
  }
}

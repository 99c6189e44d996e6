import { normalizeUrl, readDeployments } from './deployments.ts'
import type { Io } from './io.ts'

/**
 * What a boundary that is started by somebody who has signed in gets to know of that: the address of the deployment and
 * the token for it, as variables. They go into the environment of the boundary and stay there; what it confines never
 * sees them. Variables that are set win, Coder's too, and a token only ever goes to the address it is stored under.
 */
export async function boundaryLogin(io: Pick<Io, 'env' | 'home'>): Promise<Readonly<Record<string, string>>> {
  const set = (...names: readonly string[]) => names.map((name) => io.env[name] ?? '').find((value) => value !== '')
  if (set('REEVE_SESSION_TOKEN', 'CODER_SESSION_TOKEN', 'CODER_AGENT_TOKEN') !== undefined) return {}
  const named = set('REEVE_URL')
  // Coder's address stands in each of its workspaces, and says nothing about a deployment of ours.
  const { current, tokens } = await readDeployments(io)
  const url = named === undefined ? current : normalizeUrl(named)
  const token = url === null ? undefined : tokens[url]
  return url === null || token === undefined ? {} : { REEVE_URL: url, REEVE_SESSION_TOKEN: token }
}

import { Fault } from '@reeve/base'
import { askAgent, askBoundary, behindBoundary, type Environment } from './ask-agent.ts'

/** A provider, by its id or by the address of a repository. */
export type Wanted = { readonly id: string } | { readonly match: string }

/** The owner's credential there, or where to link an account. `listens`: waits for a minute until one is linked. */
export async function linkedAccount(
  env: Environment,
  wanted: Wanted,
  listens = false,
): Promise<Record<string, unknown>> {
  const listen: Record<string, string> = listens ? { listen: 'true' } : {}
  if (!behindBoundary(env)) return askAgent(env, 'GET', '/external-auth', { query: { ...wanted, ...listen } })
  const path = `/git-credentials/${hostOf(wanted)}`
  return askBoundary(env, { method: 'GET', path, query: listen })
}

/** A boundary decides by the host that is reached, so it has to be known beforehand. */
function hostOf(wanted: Wanted): string {
  if ('id' in wanted) {
    // Of names alone nobody knows where they lead; what has a dot is a host.
    if (/^[^/]+\.[^/]+$/.test(wanted.id)) return wanted.id
    throw new Fault('invalid', 'behind a boundary a linked account is asked for by its host', {
      fix: 'external-auth access-token github.com',
    })
  }
  const { protocol, host } = new URL(wanted.match)
  if (protocol !== 'https:') throw new Fault('invalid', 'behind a boundary credentials are for https alone')
  return host
}

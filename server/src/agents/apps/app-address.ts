import type { WorkspaceAgent } from '@reeve/sdk'
import type { AgentApp } from '../../provisioning/resource.ts'
import type { AgentRoom } from '../agent-room.ts'
import type { KeptPlan } from '../manifest.ts'
import type { AgentRow } from '../queries.ts'
import { type AppHosts, type AppName, appHosts, portOf } from './app-hosts.ts'
import { prefixOf } from './app-path.ts'

type Address = Pick<WorkspaceAgent['apps'][number], 'url' | 'no_url' | 'hidden'>

/** Where a browser finds the apps of an agent, by their slugs. */
export function addressesOf(
  room: AgentRoom,
  row: AgentRow,
  { apps }: Pick<KeptPlan, 'apps'>,
): ReadonlyMap<string, Address> {
  const hosts = room.wildcard === null ? null : appHosts(room.wildcard, room.accessUrl)
  const name = { agent: row.name, workspace: row.workspace_name, owner: row.owner_username }
  return new Map(apps.map((app) => [app.slug, addressOf(app, name, hosts)]))
}

/** Where an app is that is served, or why it is not: what an author of the template can change comes first. */
export function addressOf(
  app: Pick<AgentApp, 'slug' | 'url' | 'external' | 'subdomain' | 'hidden' | 'command'>,
  name: Omit<AppName, 'app'>,
  hosts: AppHosts | null,
): Address {
  const none = (no_url: Address['no_url']): Address => ({ url: null, no_url, hidden: app.hidden })
  if (app.external) return none('external')
  if (app.url === '' && app.command !== '') return none('command')
  if (portOf(app.url) === null) return none('elsewhere')
  if (hosts === null) return none('no_domain')
  const whole = { app: app.slug, ...name }
  const origin = hosts.originOf(whole)
  if (origin === null) return none('no_name')
  return { url: app.subdomain ? origin : `${origin}${prefixOf(whole)}/`, no_url: null, hidden: app.hidden }
}

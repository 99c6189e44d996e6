import { Fault } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { allows } from '../../access/policy.ts'
import { type ShareLevel, shareLevelOf } from '../../access/share-level.ts'
import { findPortShareLevel } from '../../workspaces/port-share-queries.ts'
import { objectOf } from '../../workspaces/reachable.ts'
import type { AgentRoom } from '../agent-room.ts'
import { planOf } from '../manifest.ts'
import { type AgentRow, findAgentByName } from '../queries.ts'
import { type AppName, portOf } from './app-hosts.ts'
import { type Mount, prefixOf } from './app-path.ts'

export interface FoundApp {
  readonly agent: AgentRow
  readonly port: number
  /** Where a browser begins: a path with its query. */
  readonly start: string
  /** Null where paths of the browser are those of the app. */
  readonly mount: Mount | null
  /** As the template says of an app, and the owner of a port. */
  readonly share: ShareLevel
}

/** Null where there is no such app, or it is not served. */
export async function findApp(room: AgentRoom, name: AppName): Promise<FoundApp | null> {
  const agent = await findAgentByName(room.db.sql, name)
  if (agent === undefined) return null
  if (/^[0-9]+$/.test(name.app)) {
    const port = Number(name.app)
    if (port < 1 || port > 65_535) return null
    const of = { workspaceId: agent.workspace_id, agentName: agent.name, port }
    return { agent, port, start: '/', mount: null, share: await findPortShareLevel(room.db.sql, of) }
  }
  const app = planOf(room, agent).apps.find(({ slug }) => slug.toLowerCase() === name.app)
  const port = app === undefined || app.external ? null : portOf(app.url)
  if (app === undefined || port === null) return null
  const { pathname, search } = new URL(app.url)
  const share = shareLevelOf(app.share)
  if (app.subdomain) return { agent, port, start: pathname + search, mount: null, share }
  const mount = { name: nameOf(agent, app.slug), agentId: agent.id, base: pathname.replace(/\/+$/, '') }
  return { agent, port, start: `${prefixOf(mount.name)}/${search}`, mount, share }
}

export const nameOf = (agent: AgentRow, app: string): AppName => ({
  app,
  agent: agent.name,
  workspace: agent.workspace_name,
  owner: agent.owner_username,
})

export function mayUse({ agent, share }: FoundApp, actor: Actor | null): boolean {
  if (share === 'public') return true
  if (actor === null) return false
  if (allows(actor, 'workspace:application_connect', objectOf({ ...agent, id: agent.workspace_id }))) return true
  // A token for models, or for one object, is no person who looks at an app.
  if (actor.heldBy !== 'browser') return false
  return (
    share === 'authenticated' || (share === 'organization' && actor.organizationIds.includes(agent.organization_id))
  )
}

export const noSuchApp = (): Fault => new Fault('not_found', 'There is no such app, or it is not for you.')

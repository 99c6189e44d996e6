import type { IncomingMessage, ServerResponse } from 'node:http'
import { toError } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { allows } from '../../access/policy.ts'
import { sessionCookieName } from '../../http/browser.ts'
import { readCredential } from '../../http/credential.ts'
import { pathOf } from '../../http/front-door.ts'
import { objectOf } from '../../workspaces/reachable.ts'
import type { AgentRoom } from '../agent-room.ts'
import { selectAgentsByName } from '../queries.ts'
import type { AppHosts, AppName } from './app-hosts.ts'
import { pages, writePage } from './app-pages.ts'
import { type AppPath, prefixOf, readAppPath } from './app-path.ts'

export interface AppDoorOptions {
  readonly room: Pick<AgentRoom, 'db' | 'log'>
  /** Null where apps are not served. */
  readonly hosts: AppHosts | null
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly https: boolean
}

/**
 * The paths of apps at the console's own address. Nothing of an app is ever served there: it would be of one origin with
 * the console, and could do whatever its visitor can. Browsers are sent to the host of the app, to the same path.
 */
export function appDoor({ room, hosts, authenticate, https }: AppDoorOptions) {
  const { db, log } = room

  async function enter(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = readAppPath(pathOf(req))
    if (path === null || (req.method !== 'GET' && req.method !== 'HEAD')) return writePage(res, pages.noSuchApp)
    if (hosts === null) return writePage(res, pages.noHosts)
    const name =
      path.agent === null || path.owner === 'me' ? await wholeName(req, path) : { ...path, agent: path.agent }
    if (name === 'nobody') return writePage(res, pages.signInAtConsole)
    // What its name says is public; whether there is such an app is told by its host, and not to everybody.
    const origin = name === null ? null : hosts.originOf(name)
    if (name === null || origin === null) return writePage(res, pages.noSuchApp)
    const query = (req.url ?? '').slice(pathOf(req).length)
    const location = `${origin}${prefixOf(name)}${path.rest}${query}`
    res.writeHead(302, { Location: location, 'Content-Length': 0, 'Cache-Control': 'no-store' }).end()
  }

  /** What is left out is filled in for somebody who is signed in, of what he may see. */
  async function wholeName(req: IncomingMessage, path: AppPath): Promise<AppName | null | 'nobody'> {
    const credential = readCredential(req, sessionCookieName(https))
    const actor = credential !== null && 'token' in credential ? await authenticate(credential.token) : null
    if (actor === null) return 'nobody'
    const owner = path.owner === 'me' ? actor.username : path.owner
    if (path.agent !== null) return { ...path, owner, agent: path.agent }
    const agents = await selectAgentsByName(db.sql, { owner, workspace: path.workspace })
    const seen = agents.filter((row) => allows(actor, 'workspace:read', objectOf({ ...row, id: row.workspace_id })))
    const [only, ...others] = seen
    return only === undefined || others.length > 0 ? null : { ...path, owner, agent: only.name }
  }

  return {
    handle(req: IncomingMessage, res: ServerResponse): void {
      enter(req, res).catch((thrown: unknown) => {
        log.error({ err: toError(thrown) }, 'a browser was not sent to an app')
        writePage(res, pages.broken)
      })
    },
  }
}

import type { Clock } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { implement, implementBytes, implementEvents, type Route, type Scope, signedIn } from '../http/implement.ts'
import { listInterceptions, presentDetail, readableInterception, readBody } from './interceptions.ts'
import { findNames, type InterceptionRow, type SessionRow } from './queries.ts'
import { getSession, getSessionTimeline, listSessions, noteReading, readableSession } from './sessions.ts'
import type { BridgeStatus } from './status.ts'
import type { SessionWatch } from './watch.ts'

export interface RouteContext {
  readonly db: Database
  readonly clock: Clock
  readonly watch: SessionWatch
  readonly status: () => BridgeStatus
}

const namesDefault = 100

export function bridgeRoutes({ db, clock, watch, status }: RouteContext): readonly Route[] {
  const readSession = async (scope: Scope, session: SessionRow) => {
    const { id: sessionId, user_id: ownerId, username: ownerName, organization_id: organizationId } = session
    await noteReading(db, scope, { sessionId, ownerId, ownerName, organizationId }, clock)
  }
  const readInterception = async (scope: Scope, id: string): Promise<InterceptionRow> => {
    const row = await readableInterception(db, signedIn(scope), id)
    const { session_id: sessionId, user_id: ownerId, username: ownerName, organization_id: organizationId } = row
    await noteReading(db, scope, { sessionId, ownerId, ownerName, organizationId }, clock)
    return row
  }
  const names = (
    of: 'models' | 'clients',
    scope: Scope,
    query: { q?: string | undefined; limit?: number | undefined },
  ) =>
    findNames(db.sql, of, visibility(signedIn(scope), 'interception:read'), {
      prefix: query.q ?? '',
      limit: query.limit ?? namesDefault,
    })

  return [
    implement(endpoints.getBridgeStatus, () => status()),
    implement(endpoints.listInterceptions, ({ query }, scope) => listInterceptions(db, signedIn(scope), query)),
    implement(endpoints.getInterception, async ({ params }, scope) =>
      presentDetail(db, await readInterception(scope, params.id)),
    ),
    implementBytes(endpoints.getInterceptionBody, async ({ params }, scope) =>
      readBody(db, await readInterception(scope, params.id), params.side),
    ),
    implement(endpoints.listSessions, ({ query }, scope) => listSessions(db, signedIn(scope), query)),
    implement(endpoints.getSession, async ({ params, query }, scope) => {
      await readSession(scope, await readableSession(db, signedIn(scope), params.id))
      return getSession(db, signedIn(scope), params.id, query)
    }),
    implement(endpoints.getSessionTimeline, async ({ params, query }, scope) => {
      await readSession(scope, await readableSession(db, signedIn(scope), params.id))
      return getSessionTimeline(db, signedIn(scope), params.id, query)
    }),
    implementEvents(endpoints.watchSession, async ({ params }, scope) => {
      const actor = signedIn(scope)
      return watch.changes(actor, await readableSession(db, actor, params.id), scope.signal)
    }),
    implementEvents(endpoints.watchSessions, (_, scope) => watch.changes(signedIn(scope), null, scope.signal)),
    implement(endpoints.listModels, ({ query }, scope) => names('models', scope, query)),
    implement(endpoints.listClients, ({ query }, scope) => names('clients', scope, query)),
  ]
}

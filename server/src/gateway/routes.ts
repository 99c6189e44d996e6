import { type Clock, Fault } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { implement, implementBytes, implementEvents, type Route, type Scope, signedIn } from '../http/implement.ts'
import type { BoundaryRecord } from './beside/session-decisions.ts'
import { type ContentAccess, mayReadWords, type ReadThing } from './content.ts'
import { listContentReads } from './content-reads.ts'
import { exportSessions } from './export/session-export.ts'
import { listGateways } from './gateways.ts'
import { listInterceptions, presentDetail, readableInterception, readBody } from './interceptions.ts'
import { findNames } from './list-queries.ts'
import type { InterceptionRow, SessionRow } from './queries.ts'
import { getSession, getSessionTimeline, listSessions, readableSession } from './sessions.ts'
import type { BridgeStatus } from './status.ts'
import type { SessionWatch } from './watch.ts'

export interface RouteContext {
  readonly db: Database
  readonly content: ContentAccess
  readonly watch: SessionWatch
  readonly record: BoundaryRecord
  readonly status: () => Promise<BridgeStatus>
  readonly clock: Clock
}

const namesDefault = 100

/** A client's session may go on in another organization, where the reader's roles do not reach. */
const mayShow =
  (actor: Actor, shown: boolean) =>
  (of: InterceptionRow): boolean =>
    shown && mayReadWords(actor, { ...of, id: of.session_id })

const ofSession = (row: SessionRow): ReadThing => ({ ...row, sessionId: row.id, interceptionId: null })
const ofInterception = (row: InterceptionRow): ReadThing => ({
  ...row,
  sessionId: row.session_id,
  interceptionId: row.id,
})

export function bridgeRoutes({ db, content, watch, record, status, clock }: RouteContext): readonly Route[] {
  const desk = { db, content, clock }
  const openSession = async (scope: Scope, id: string, how: 'view' | 'watch', reason: string | undefined) => {
    const row = await readableSession(db, signedIn(scope), id)
    return { row, shown: await content.open(scope, ofSession(row), how, reason) }
  }
  const names = (
    of: 'models' | 'clients',
    scope: Scope,
    query: { q?: string | undefined; after?: string | undefined; limit?: number | undefined },
  ) =>
    findNames(db.sql, of, visibility(signedIn(scope), 'interception:read'), {
      prefix: query.q ?? '',
      after: query.after ?? null,
      limit: query.limit ?? namesDefault,
    })

  return [
    implement(endpoints.getBridgeStatus, () => status()),
    implement(endpoints.listGateways, async () => ({ gateways: [...(await listGateways(db.sql, clock))] })),
    implement(endpoints.listInterceptions, ({ query }, scope) => listInterceptions(desk, scope, query)),
    implement(endpoints.getInterception, async ({ params, query }, scope) => {
      const row = await readableInterception(db, signedIn(scope), params.id)
      return presentDetail(db, row, await content.open(scope, ofInterception(row), 'view', query.reason))
    }),
    implementBytes(endpoints.getInterceptionBody, async ({ params, query }, scope) => {
      const row = await readableInterception(db, signedIn(scope), params.id)
      if (await content.open(scope, ofInterception(row), 'body', query.reason)) return readBody(db, row, params.side)
      throw new Fault('not_found', 'there is no such request')
    }),
    implement(endpoints.listSessions, ({ query }, scope) => listSessions(desk, scope, query)),
    implementBytes(endpoints.exportSessions, ({ query }, scope) =>
      exportSessions({ db, content, clock }, scope, query),
    ),
    implement(endpoints.getSession, async ({ params, query }, scope) => {
      const { row, shown } = await openSession(scope, params.id, 'view', query.reason)
      return getSession(db, row, query, shown, mayShow(signedIn(scope), shown))
    }),
    implement(endpoints.getSessionTimeline, async ({ params, query }, scope) => {
      const { row, shown } = await openSession(scope, params.id, 'view', query.reason)
      return getSessionTimeline({ db, record }, signedIn(scope), row, query, mayShow(signedIn(scope), shown))
    }),
    implementEvents(endpoints.watchSession, async ({ params, query }, scope) => {
      const { row } = await openSession(scope, params.id, 'watch', query.reason)
      return watch.changes(signedIn(scope), row, scope.signal)
    }),
    implementEvents(endpoints.watchSessions, (_, scope) => watch.changes(signedIn(scope), null, scope.signal)),
    implement(endpoints.listModels, ({ query }, scope) => names('models', scope, query)),
    implement(endpoints.listClients, ({ query }, scope) => names('clients', scope, query)),
    implement(endpoints.listContentReads, ({ params, query }, scope) =>
      listContentReads(db, scope, params.user, query),
    ),
  ]
}

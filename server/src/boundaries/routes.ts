import { endpoints } from '@reeve/sdk'
import { Fault } from '@reeve/base'
import { implement, implementEvents, type Route, signedIn } from '../http/implement.ts'
import { approveAccess, askAccess, declineAccess, getAccess, listAccess, withdrawAccess } from './access.ts'
import { isSentAgain, makeBundle } from './bundle.ts'
import { explainDenial } from './denials.ts'
import { endSession, takeLines } from './ingest.ts'
import type { LiveBoundaries } from './live.ts'
import { bundleVersion, selectVersions } from './policy-queries.ts'
import {
  checkPolicy,
  createPolicy,
  deletePolicy,
  listPolicies,
  presentAll,
  publishPolicy,
  readablePolicy,
} from './policies.ts'
import { selectBySeq } from './event-queries.ts'
import { presentForCoder, presentLogForCoder, presentSession, presentVersion } from './present.ts'
import { countOverTime, listDestinations, listEvents, listRules, listSessions } from './reads.ts'
import { ownSession, readableSession, register, stopSession, whomOf } from './registration.ts'
import type { Room } from './room.ts'
import { touchSession, updateSession } from './session-queries.ts'
import { replay, simulate } from './trials.ts'

export const boundaryRoutes = (room: Room, live: LiveBoundaries): Route[] => [
  ...wireRoutes(room, live),
  ...readRoutes(room),
  ...policyRoutes(room),
  ...accessRoutes(room),
]

/** What boundaries themselves ask. */
function wireRoutes(room: Room, live: LiveBoundaries): Route[] {
  const { db, clock } = room
  return [
    implement(endpoints.registerBoundary, ({ body }, scope) => register(room, scope, body)),
    implement(endpoints.getBoundaryBundle, async ({ params, query }, scope) => {
      const session = await ownSession(db.sql, signedIn(scope), params.id)
      const now = clock.now()
      await touchSession(db.sql, session.id, now)
      const version = await bundleVersion(db.sql)
      if (query.known === version && !isSentAgain(session, now)) return { version, bundle: null }
      await updateSession(db.sql, session.id, { bundle_sent_at: now })
      return makeBundle({ ...room, db: db.sql }, whomOf(session))
    }),
    implementEvents(endpoints.watchBoundary, async ({ params }, scope) =>
      live.notices(await ownSession(db.sql, signedIn(scope), params.id), scope.signal),
    ),
    implement(endpoints.deliverBoundaryEvents, async ({ params, body }, scope) =>
      takeLines(room, scope, await ownSession(db.sql, signedIn(scope), params.id), body.events),
    ),
    implement(endpoints.endBoundary, async ({ params, body }, scope) =>
      endSession(room, scope, await ownSession(db.sql, signedIn(scope), params.id), body),
    ),
  ]
}

function readRoutes(room: Room): Route[] {
  const { db, clock } = room
  return [
    implement(endpoints.listBoundarySessions, ({ query }, scope) => listSessions(room, signedIn(scope), query)),
    implement(endpoints.getBoundarySession, async ({ params }, scope) =>
      presentSession(await readableSession(db.sql, signedIn(scope), params.id), clock.now()),
    ),
    implement(endpoints.stopBoundarySession, async ({ params }, scope) =>
      presentSession(await stopSession(room, scope, params.id), clock.now()),
    ),
    implement(endpoints.listBoundaryEvents, ({ query }, scope) => listEvents(room, signedIn(scope), query)),
    implement(endpoints.countBoundaryEvents, ({ query }, scope) => countOverTime(room, signedIn(scope), query.q)),
    implement(endpoints.listBoundaryDestinations, ({ query }, scope) => listDestinations(room, signedIn(scope), query)),
    implement(endpoints.listBoundaryRules, ({ query }, scope) => listRules(room, signedIn(scope), query)),
    implement(endpoints.getAgentFirewallSession, async ({ params }, scope) =>
      presentForCoder(await readableSession(db.sql, signedIn(scope), params.id)),
    ),
    implement(endpoints.listAgentFirewallLogs, async ({ params, query }, scope) => {
      const session = await readableSession(db.sql, signedIn(scope), params.id)
      const { seq_after: after = -1, seq_before: before = null, limit = 100 } = query
      return { results: (await selectBySeq(db.sql, session, { after, before, limit })).map(presentLogForCoder) }
    }),
    implement(endpoints.getDenial, ({ params }, scope) => explainDenial(room, signedIn(scope), params.denial)),
  ]
}

function policyRoutes(room: Room): Route[] {
  const { db, clock } = room
  return [
    implement(endpoints.listBoundaryPolicies, async (_, scope) => ({
      policies: await listPolicies(room, signedIn(scope)),
    })),
    implement(endpoints.createBoundaryPolicy, ({ body }, scope) => createPolicy(room, scope, body)),
    implement(endpoints.getBoundaryPolicy, async ({ params }, scope) => {
      const row = await readablePolicy(room, signedIn(scope), params.policy)
      const [shown] = await presentAll(room, [row])
      if (shown === undefined) throw new Fault('not_found', 'there is no such policy')
      return { ...shown, document: row.document }
    }),
    implement(endpoints.deleteBoundaryPolicy, ({ params }, scope) => deletePolicy(room, scope, params.policy)),
    implement(endpoints.listBoundaryPolicyVersions, async ({ params }, scope) => {
      const { id } = await readablePolicy(room, signedIn(scope), params.policy)
      return { versions: (await selectVersions(db.sql, id)).map(presentVersion) }
    }),
    implement(endpoints.publishBoundaryPolicy, ({ params, body }, scope) =>
      publishPolicy(room, scope, params.policy, body),
    ),
    implement(endpoints.checkBoundaryPolicy, ({ body }) => checkPolicy(body.document, clock.now())),
    implement(endpoints.simulateBoundaryPolicy, ({ body }, scope) => simulate(room, signedIn(scope), body)),
    implement(endpoints.replayBoundaryPolicy, ({ body }, scope) => replay(room, signedIn(scope), body)),
  ]
}

const accessRoutes = (room: Room): Route[] => [
  implement(endpoints.listAccessRequests, ({ query }, scope) => listAccess(room, signedIn(scope), query)),
  implement(endpoints.createAccessRequest, ({ body }, scope) => askAccess(room, scope, body)),
  implement(endpoints.getAccessRequest, ({ params }, scope) => getAccess(room, signedIn(scope), params.id)),
  implement(endpoints.approveAccessRequest, ({ params, body }, scope) => approveAccess(room, scope, params.id, body)),
  implement(endpoints.declineAccessRequest, ({ params, body }, scope) =>
    declineAccess(room, scope, params.id, body.reason),
  ),
  implement(endpoints.withdrawAccessRequest, ({ params }, scope) => withdrawAccess(room, scope, params.id)),
]

import { endpoints } from '@reeve/sdk'
import { allows } from '../access/policy.ts'
import { implement, type Route, type Scope, signedIn } from '../http/implement.ts'
import { buildRoutes } from './build-routes.ts'
import { addLicense, removeLicense } from './licenses.ts'
import { presentEntitlements, presentLicense } from './present.ts'
import { noteMoment } from './queries.ts'
import { type Licensing, lookAtLicenses } from './standing.ts'

export function licensingRoutes(room: Licensing): Route[] {
  const { db } = room
  const entitlements = async (scope: Scope) =>
    presentEntitlements(
      await lookAtLicenses(db.sql, room),
      room.bridgeEnabled,
      allows(signedIn(scope), 'license:read', {}),
    )
  return [
    implement(endpoints.listLicenses, async () => {
      const { licenses, moment } = await lookAtLicenses(db.sql, room)
      return licenses.map((one) => presentLicense(one, moment.at))
    }),
    implement(endpoints.addLicense, async ({ body }, scope) => {
      const added = await addLicense(room, scope, body.license)
      return presentLicense(added, (await lookAtLicenses(db.sql, room)).moment.at)
    }),
    implement(endpoints.deleteLicense, async ({ params }, scope) => {
      await removeLicense(room, scope, Number(params.id))
      return undefined
    }),
    implement(endpoints.getEntitlements, (_, scope) => entitlements(scope)),
    implement(endpoints.refreshEntitlements, async (_, scope) => {
      await noteMoment(db.sql, room.clock.now())
      return entitlements(scope)
    }),
    ...buildRoutes(room),
  ]
}

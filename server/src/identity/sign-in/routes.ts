import { endpoints, passwordWeakness } from '@reeve/sdk'
import { implement, type Route, signedIn } from '../../http/implement.ts'
import { answerDeviceLogin, createCodeLimit, pollDeviceLogin, showDeviceLogin, startDeviceLogin } from './device.ts'
import type { Identity } from '../identity.ts'
import { createResetLimit, requestPasswordReset, resetPassword } from './password-reset.ts'
import { presentSession } from '../present.ts'
import { endOtherSessions, endSession, listSessions } from './sessions.ts'
import { whoami } from '../people/whoami.ts'

/** Sessions, signing in a program, and a new password by mail. */
export function signInRoutes(identity: Identity): Route[] {
  const codes = createCodeLimit(identity)
  const resets = createResetLimit(identity)
  return [
    implement(endpoints.startDeviceLogin, ({ body }, scope) => startDeviceLogin(identity, scope, body)),
    implement(endpoints.pollDeviceLogin, ({ body }, scope) => pollDeviceLogin(identity, scope, body.device_code)),
    implement(endpoints.getDeviceLogin, ({ params }, scope) => showDeviceLogin(identity, codes, scope, params.code)),
    implement(endpoints.answerDeviceLogin, ({ params, body }, scope) =>
      answerDeviceLogin(identity, codes, scope, params.code, body.answer),
    ),
    implement(endpoints.validatePassword, ({ body }) => {
      const weakness = passwordWeakness(body.password)
      return { valid: weakness === null, details: weakness ?? '' }
    }),
    implement(endpoints.requestPasswordReset, ({ body }, scope) => requestPasswordReset(identity, resets, scope, body)),
    implement(endpoints.resetPassword, ({ body }, scope) => resetPassword(identity, scope, body)),
    implement(endpoints.getWhoami, (_, scope) => whoami(identity, scope)),
    implement(endpoints.listUserSessions, async ({ params }, scope) => {
      const actor = signedIn(scope)
      return (await listSessions(identity, actor, params.user)).map((row) => presentSession(row, actor.apiKeyId))
    }),
    implement(endpoints.endUserSession, ({ params }, scope) =>
      endSession(identity, scope, params.user, params.session),
    ),
    implement(endpoints.endOtherSessions, async ({ params }, scope) => ({
      ended: await endOtherSessions(identity, scope, params.user),
    })),
  ]
}

import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

/**
 * Signing in a program that has no browser (RFC 8628): it shows a code, somebody who is signed in confirms the code on
 * the page `/device`, and the program, which asks every few seconds, is given a session.
 */

const tag = 'Sign-in'

/** What stands on a page that somebody is asked to trust: letters, digits and little else. */
const shown = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, 'letters, digits, spaces and . _ -')

export const startDeviceLogin = endpoint({
  name: 'startDeviceLogin',
  method: 'POST',
  path: '/api/v2/login/device',
  summary: 'For programs: begin a sign-in that somebody confirms in a browser',
  tag,
  permission: 'public',
  body: z.strictObject({
    client_name: shown.max(64).describe('The program that asks, such as `reeve 0.1.0`.'),
    host: shown.max(64).describe('The machine that it runs on.'),
  }),
  result: z.object({
    device_code: z.string().describe('For the program alone: what it asks with.'),
    user_code: z.string().describe('For the person: what is typed on the page.'),
    verification_uri: z.string(),
    verification_uri_complete: z.string().describe('The same page with the code filled in.'),
    expires_in: z.number().int().describe('Seconds.'),
    interval: z.number().int().min(0).describe('Seconds to wait between two questions.'),
  }),
  faults: ['invalid', 'limited'],
})

export const pollDeviceLogin = endpoint({
  name: 'pollDeviceLogin',
  method: 'POST',
  path: '/api/v2/login/device/token',
  summary: 'For programs: whether the sign-in was confirmed; the session comes once',
  tag,
  permission: 'public',
  body: z.strictObject({ device_code: z.string().min(1).max(128) }),
  result: z.object({
    session_token: z.string().nullable(),
    error: z
      .enum(['authorization_pending', 'slow_down', 'access_denied', 'expired_token'])
      .nullable()
      .describe('Why there is no session, in the words of RFC 8628. The first two mean: ask again later.'),
    interval: z.number().int().min(0).describe('Seconds to wait before the next question; grows with slow_down.'),
  }),
  faults: ['invalid'],
})

export const DeviceLogin = z.object({
  id: Id,
  user_code: z.string(),
  client_name: z.string().describe('As the program says. Anybody can say anything.'),
  host: z.string().describe('As the program says.'),
  ip: z.string().nullable().describe('Where the program asked from, as the server saw it.'),
  user_agent: z.string().nullable(),
  same_network: z.boolean().describe('Whether it asked from the network that the caller is in.'),
  status: z.enum(['pending', 'approved', 'denied']),
  created_at: Instant,
  expires_at: Instant,
})
export type DeviceLogin = z.infer<typeof DeviceLogin>

const params = z.object({ code: z.string().min(1).max(32) })

export const getDeviceLogin = endpoint({
  name: 'getDeviceLogin',
  method: 'GET',
  path: '/api/v2/login/device/:code',
  summary: 'The sign-in that a code stands for; capitals and hyphens do not matter',
  tag,
  permission: 'signed_in',
  params,
  result: DeviceLogin,
  faults: ['not_found', 'limited'],
})

export const answerDeviceLogin = endpoint({
  name: 'answerDeviceLogin',
  method: 'POST',
  path: '/api/v2/login/device/:code',
  summary: 'Approve or deny a sign-in, once; an approved program may do everything that the caller may',
  tag,
  permission: 'api_key:create',
  params,
  body: z.strictObject({ answer: z.enum(['approve', 'deny']) }),
  result: DeviceLogin,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict', 'limited'],
})

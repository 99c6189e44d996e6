import { Fault, systemClock } from '@reeve/base'
import { type DeviceLogin, passwordWeakness } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'

/** A program that waits under `WDJB-MJHT`, from another network; every other code is nobody's. */
function waiting(code: string, status: DeviceLogin['status']): DeviceLogin {
  if (code.toUpperCase().replaceAll(/[^A-Z]/g, '') !== 'WDJBMJHT') {
    throw new Fault('not_found', 'no sign-in waits under this code', {
      fix: 'compare it with the terminal; a code works for 10 minutes, and reeve login makes a new one',
    })
  }
  const now = systemClock.now()
  return {
    id: '0197f3a2-0000-7000-8000-00000000d01c',
    user_code: 'WDJB-MJHT',
    client_name: 'reeve 0.1.0',
    host: 'build-7.example',
    ip: '203.0.113.7',
    user_agent: 'reeve-cli/0.1.0',
    same_network: false,
    status,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + 600_000).toISOString(),
  }
}

/** The code of every mail that the mock would send. */
export const mailedCode = 'K7QF-2M9D-XW4R-8TBN'

export const signInHandlers: Handlers = {
  getAuthMethods: () => ({
    terms_of_service_url: '',
    password: { enabled: true, reset: true },
    github: { enabled: false, default_provider_configured: false },
    oidc: { enabled: true, signInText: 'Sign in with Example ID', iconUrl: '', uninvitedText: '' },
  }),
  getDeviceLogin: ({ params }) => waiting(params.code, 'pending'),
  answerDeviceLogin: ({ params, body }) => waiting(params.code, body.answer === 'approve' ? 'approved' : 'denied'),
  validatePassword: ({ body }) => {
    const weakness = passwordWeakness(body.password)
    return { valid: weakness === null, details: weakness ?? '' }
  },
  requestPasswordReset: () => {},
  resetPassword: ({ body }, { world }) => {
    if (body.one_time_passcode !== mailedCode) {
      throw new Fault('invalid', 'the password was not changed', {
        problems: [{ field: 'one_time_passcode', detail: 'is wrong or no longer valid' }],
      })
    }
    world.passwords.set(body.email, body.password)
  },
}

import { Fault } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { linkRefused } from './events.ts'
import type { ExternalAuth } from './external-auth.ts'
import { saveLink } from './links.ts'
import { type Provider, providerNamed } from './provider.ts'
import type { DeviceStart } from './provider-client.ts'
import type { LinkRow } from './queries.ts'

/**
 * Linking where there is no browser (RFC 8628): the provider gives a code, which is entered there. Nothing of it is kept
 * here: whoever asks holds the device code, and what it yields is linked to whoever is signed in when it does.
 */
export const startDevice = (room: ExternalAuth, providerId: string): Promise<DeviceStart> =>
  room.client.startDevice(withDevice(room, providerId))

export type DevicePoll =
  { readonly state: 'pending' | 'slow_down' } | { readonly state: 'linked'; readonly row: LinkRow }

export async function finishDevice(
  room: ExternalAuth,
  scope: Scope,
  providerId: string,
  deviceCode: string,
): Promise<DevicePoll> {
  const { userId } = signedIn(scope)
  const provider = withDevice(room, providerId)
  const answer = await room.client.pollDevice(provider, deviceCode)
  if ('tokens' in answer) {
    return { state: 'linked', row: await saveLink(room, scope, userId, provider, answer.tokens) }
  }
  if (answer.error === 'authorization_pending') return { state: 'pending' }
  if (answer.error === 'slow_down') return { state: 'slow_down' }
  await room.db.transaction((tx) => {
    const event = linkRefused(userId, provider.id, `the provider refused the code: ${answer.error}`)
    return appendAudit(tx, { scope, at: room.clock.now(), ...event })
  })
  throw new Fault('forbidden', reasons[answer.error] ?? `${provider.displayName} refused the code: ${answer.error}`, {
    fix: 'begin again',
  })
}

const reasons: Readonly<Record<string, string>> = {
  access_denied: 'it was declined at the provider',
  expired_token: 'the code was not entered in time',
}

function withDevice({ providers }: ExternalAuth, providerId: string): Provider {
  const provider = providerNamed(providers, providerId)
  if (provider.deviceUrl !== null) return provider
  throw new Fault('conflict', `${provider.displayName} is linked in the browser`, {
    fix: `open /external-auth/${provider.id} in the dashboard`,
  })
}

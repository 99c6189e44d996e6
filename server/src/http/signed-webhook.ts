import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '@reeve/base'

/**
 * Signatures of webhooks as Standard Webhooks 1.0 has them (standardwebhooks.com): an HMAC over the id, the time and the
 * exact body. The receiver refuses what is older than five minutes, and knows by the id what it has had before.
 */

const secretPrefix = 'whsec_'

export const newWebhookSecret = (): Secret => new Secret(secretPrefix + randomBytes(32).toString('base64'))

/** `whsec_` and 24 to 64 bytes in base64. Null when it is something else. */
export function webhookKey(text: string): Buffer | null {
  const encoded = text.startsWith(secretPrefix) ? text.slice(secretPrefix.length) : null
  if (encoded === null || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null
  const bytes = Buffer.from(encoded, 'base64')
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : null
}

/** One signature for each secret, so that a receiver can change from one to the next without missing any. */
export function signedHeaders(
  secrets: readonly Secret[],
  message: { readonly id: string; readonly at: Date; readonly body: string },
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000))
  const signatures = secrets.map((secret) => {
    const key = webhookKey(secret.reveal())
    if (key === null) throw new RangeError('not a webhook secret')
    return `v1,${createHmac('sha256', key).update(`${message.id}.${timestamp}.${message.body}`).digest('base64')}`
  })
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import type { Io } from '../io.ts'
import { interrupted } from '../stopped.ts'
import { version } from '../version.ts'

/**
 * Signs in through a browser, here or on any other machine (RFC 8628): shows an address and a code, and asks every few
 * seconds whether somebody has confirmed it. The token never passes through the browser.
 */
export async function deviceLogin(
  context: Context,
  client: Client,
  { openBrowser }: { readonly openBrowser: boolean },
): Promise<string> {
  const { io } = context
  const body = { client_name: `reeve ${version}`, host: plainName(io.hostname) }
  const begun = await client.call(endpoints.startDeviceLogin, { body, signal: io.signal })
  const minutes = Math.round(begun.expires_in / 60)
  context.note(`Open   ${begun.verification_uri}\nEnter  ${begun.user_code}   (works for ${minutes} min)`)
  if (openBrowser && hasBrowser(io)) {
    io.openBrowser(begun.verification_uri_complete)
    context.note('A browser was opened. Compare the code before you approve.')
  }
  context.note('Waiting for somebody to approve …')
  return waitForAnswer(context, client, begun)
}

async function waitForAnswer(
  { io }: Context,
  client: Client,
  begun: { readonly device_code: string; readonly interval: number; readonly expires_in: number },
): Promise<string> {
  const endsMs = io.clock.monotonicMs() + begun.expires_in * 1000
  const body = { device_code: begun.device_code }
  for (let { interval } = begun; io.clock.monotonicMs() <= endsMs;) {
    await wait(interval * 1000, undefined, { signal: io.signal }).catch(() => {
      throw io.signal.reason instanceof Error ? io.signal.reason : interrupted()
    })
    try {
      const answer = await client.call(endpoints.pollDeviceLogin, { body, signal: io.signal })
      if (answer.session_token !== null) return answer.session_token
      if (answer.error === 'access_denied') throw new Fault('forbidden', 'the sign-in was denied in the browser')
      if (answer.error === 'expired_token') break
      interval = answer.interval
    } catch (thrown) {
      // The network may be away for a moment; the code is good until it expires.
      if (!(thrown instanceof Fault) || (thrown.code !== 'unavailable' && thrown.code !== 'timeout')) throw thrown
      interval = Math.min(Math.max(interval, 1) * 2, 60)
    }
  }
  throw new Fault('timeout', 'nobody approved the sign-in in time', { fix: 'run reeve login again for a new code' })
}

/** A display, and no person at the far end of a network connection. */
function hasBrowser({ env, runtime }: Io): boolean {
  if (['SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'].some((name) => (env[name] ?? '') !== '')) return false
  return (
    runtime.platform.startsWith('darwin') || [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((it) => (it ?? '') !== '')
  )
}

/** Host names may be anything; the page that asks for trust shows letters and digits. */
function plainName(hostname: string): string {
  const plain = hostname
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  return plain === '' ? 'unknown' : plain
}

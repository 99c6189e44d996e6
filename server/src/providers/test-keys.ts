import { type Clock, Fault } from '@reeve/base'
import { credentialFor, type Post, type Provider, type ProviderKey } from '@reeve/bridge'
import type { AiProviderTestResult } from '@reeve/sdk'
import { type AllowedNetwork, createEgress, type Egress } from '../http/egress.ts'
import { type ProviderType, providerTypes } from './provider-types.ts'

const answerMs = 10_000

const everywhere: readonly AllowedNetwork[] = [
  { address: '0.0.0.0', prefix: 0, family: 'ipv4' },
  { address: '::', prefix: 0, family: 'ipv6' },
]

/** Asks the provider for its models with each key. Of what it answers only the status is told. */
export async function testKeys(
  { provider, type }: { readonly provider: Provider; readonly type: ProviderType },
  options: {
    /** Null: any address. */
    readonly allowed: readonly AllowedNetwork[] | null
    readonly clock: Clock
    readonly signal: AbortSignal
  },
): Promise<AiProviderTestResult[]> {
  await using egress = createEgress({ allowed: options.allowed ?? everywhere })
  const { modelsPath, headers } = providerTypes[type]
  const pathAndQuery = provider.upstreamPath(modelsPath)
  const ask = askWith(egress, provider.origin + pathAndQuery, options)
  const post = postWith(egress, options.signal)
  const keys: readonly (ProviderKey | null)[] = provider.keys.length === 0 ? [null] : provider.keys
  // Awaited here: what asks is closed when this returns.
  return await Promise.all(
    keys.map(async (key) => {
      const request = { method: 'GET', pathAndQuery, body: null, at: options.clock.now() }
      const about = { key_id: key?.id ?? null, masked: key?.secret.hint() ?? '' }
      try {
        const credential = key === null ? [] : await credentialFor(provider, key.secret, request, post)
        return { ...about, ...(await ask({ ...headers, ...paired(credential) })) }
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown
        return { ...about, ok: false, status: null, latency_ms: 0, error: thrown.message }
      }
    }),
  )
}

function postWith(egress: Egress, signal: AbortSignal): Post {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  return async (url, form) => {
    const answer = await egress.send({ url, method: 'POST', headers, body: form, timeoutMs: answerMs, signal })
    return { status: answer.status, body: answer.body.toString('utf8') }
  }
}

/** Names and values in turn, as an object. */
function paired(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1] ?? '']] : [])))
}

function askWith(egress: Egress, url: string, { clock, signal }: { clock: Clock; signal: AbortSignal }) {
  return async (headers: Readonly<Record<string, string>>) => {
    const fromMs = clock.monotonicMs()
    const tell = (status: number | null, error: string | null) => ({
      ok: error === null,
      status,
      latency_ms: Math.round(clock.monotonicMs() - fromMs),
      error,
    })
    try {
      const { status } = await egress.send({ url, method: 'GET', headers, timeoutMs: answerMs, signal })
      return tell(status, meaningOf(status))
    } catch (thrown) {
      if (thrown instanceof Fault) return tell(null, thrown.message)
      throw thrown
    }
  }
}

function meaningOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status === 401) return 'the provider does not take this key'
  if (status === 403) return 'the provider does not allow this key to list models'
  if (status === 404) return 'there is no list of models below this base URL'
  if (status === 429) return 'the provider limits this key at the moment'
  if (status >= 300 && status < 400) return 'the provider sends elsewhere, and nobody is followed'
  return `the provider answered ${status}`
}

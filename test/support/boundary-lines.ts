import { createHash, generateKeyPairSync } from 'node:crypto'
import { type Clock, type Uuid, uuidv7 } from '@reeve/base'

/** A boundary as the control plane sees it: a key, and lines that name the ones before them. */
export interface TestBoundary {
  readonly id: Uuid
  readonly publicKey: string
  /** The next lines of its record. */
  next(...facts: readonly object[]): Record<string, unknown>[]
  head(): { readonly seq: number; readonly hash: string | null }
}

export function testBoundary(clock: Clock): TestBoundary {
  const id = uuidv7(clock.now())
  const publicKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? ''
  let seq = -1
  let hash: string | null = null
  return {
    id,
    publicKey,
    next: (...facts) =>
      facts.map((one) => {
        const line = { ...bare(id, ++seq, clock.now()), ...one, prev: hash }
        hash = hashOf(line)
        return line
      }),
    head: () => ({ seq, hash }),
  }
}

export const hashOf = (line: object): string => createHash('sha256').update(JSON.stringify(line)).digest('hex')

const bare = (session: Uuid, seq: number, at: Date): Record<string, unknown> => ({
  v: 1,
  kind: 'net',
  session,
  seq,
  time: at.toISOString(),
  decision: 'allow',
  would: 'allow',
  rule: 'default',
  reason: null,
  denial: null,
  policy: { name: 'base', version: 1 },
  tier: 1,
  process: { pid: 7, exe: '/usr/bin/curl', argv: ['curl'], tree: ['claude', 'bash', 'curl'] },
  net: null,
  dns: null,
  file: null,
  exec: null,
  facts: null,
  prev: null,
})

let denials = 0
export const newDenial = (): string => `dny_${String(++denials).padStart(26, '0')}`

/** A request that was allowed, denied, or let pass though it would have been denied. */
export function web(
  url: string,
  { method = 'GET', verdict = 'allowed', rule = 'default', denial = newDenial(), ...more }: Partial<WebFacts> = {},
): object {
  const { hostname, port, protocol } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  return {
    kind: 'net',
    decision: verdict === 'denied' ? 'deny' : 'allow',
    would: verdict === 'allowed' ? 'allow' : 'deny',
    rule,
    reason: verdict === 'allowed' ? null : 'no-matching-rule',
    denial: verdict === 'allowed' ? null : denial,
    ...more,
    net: {
      protocol: 'h2',
      method,
      url,
      host: hostname,
      port: port === '' ? usual : Number(port),
      address: null,
      inspected: true,
      status: verdict === 'denied' ? null : 200,
      bytes_up: 10,
      bytes_down: 20,
      duration_ms: 3,
    },
  }
}

interface WebFacts {
  readonly method: string
  readonly verdict: 'allowed' | 'denied' | 'observed'
  readonly rule: string
  readonly denial: string
  readonly reason: string
  readonly policy: { readonly name: string; readonly version: number }
}

export const registrationOf = ({ id, publicKey }: TestBoundary, clock: Clock): Record<string, unknown> => ({
  id,
  client_version: '0.1.0',
  command: 'claude',
  hostname: 'laptop',
  tier: 1,
  jail: 'namespaces',
  kernel: '6.12.0',
  public_key: publicKey,
  started_at: clock.now().toISOString(),
})

/**
 * How audit events are chained. Pure and without a platform: the server writes with it, and whoever holds an export
 * verifies with it, without the server. What the platform has to give is passed in.
 *
 *   content = SHA-256 of the event's canonical form
 *   hash    = SHA-256 of the hash before (32 bytes), the sequence number (8 bytes, big endian) and the content (32 bytes)
 *
 * The hash before the first event is 32 zero bytes.
 */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** What the hash of an event covers: everything that is stored of it. Its time is in its id. */
export interface ChainedEvent {
  readonly id: string
  readonly organization_id: string | null
  readonly actor_id: string | null
  readonly api_key_id: string | null
  readonly action: string
  readonly resource_type: string
  readonly resource_id: string
  readonly resource_target: string
  readonly outcome: string
  readonly diff: unknown
  readonly ip: string | null
  readonly user_agent: string | null
  readonly request_id: string | null
  readonly reason: string | null
  readonly source: string | null
}

export const genesis: Uint8Array = new Uint8Array(32)

export function contentHash(event: ChainedEvent, sha256: Sha256): Uint8Array {
  return sha256(new TextEncoder().encode(canonicalForm(event)))
}

export function linkHash(before: Uint8Array, seq: number, content: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(72)
  bytes.set(before, 0)
  new DataView(bytes.buffer).setBigUint64(32, BigInt(seq))
  bytes.set(content, 40)
  return sha256(bytes)
}

/** JSON with sorted keys and without spaces. The first member names this form, so that there can be another one. */
export function canonicalForm(event: ChainedEvent): string {
  const { id, organization_id, actor_id, api_key_id, action, resource_type, resource_id, resource_target } = event
  const { outcome, diff, user_agent, request_id, reason, source } = event
  return canonicalJson({
    '': 'reeve-audit-event/1',
    id,
    organization_id,
    actor_id,
    api_key_id,
    action,
    resource_type,
    resource_id,
    resource_target,
    outcome,
    diff,
    ip: event.ip === null ? null : canonicalIp(event.ip),
    user_agent,
    request_id,
    reason,
    source,
  })
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`
}

/** One address has many spellings in IPv6, and databases have their own favourite. */
function canonicalIp(ip: string): string {
  return ip.includes(':') ? (URL.parse(`http://[${ip}]`)?.hostname ?? ip) : ip
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** Null for what is not base64. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

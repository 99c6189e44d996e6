import { clean } from '../audit/redact.ts'

/**
 * The control plane's answers, read by the boundary's own small parser: it ships into workspaces and carries no schema
 * library. Fields that it does not know are passed over; what it needs and does not find makes the answer no answer.
 */
export interface Registration {
  readonly owner: string
  readonly bundle: SignedBundle
  readonly keys: readonly SigningKey[]
  readonly acknowledgedSeq: number
  /** Addresses of the gateway itself: calls to them say which session they come from. */
  readonly injects: readonly Inject[]
}

export interface SigningKey {
  readonly id: string
  /** Ed25519, raw, base64url. */
  readonly publicKey: string
}

export interface Inject {
  readonly host: string
  readonly port: number
  readonly paths: readonly string[]
}

export interface SignedBundle {
  readonly payload: string
  readonly keyId: string
  readonly signature: string
}

export interface Bundle {
  readonly version: number
  readonly notAfter: Date
  readonly layers: readonly BundleLayer[]
  /** Keys that the deployment signs with from now on, where it says so: this is how they change. */
  readonly keys: readonly SigningKey[]
}

export interface BundleLayer {
  readonly scope: 'deployment' | 'organization' | 'template' | 'task' | 'grant'
  readonly name: string
  readonly version: number
  readonly document: string
}

export function readRegistration(value: unknown): Registration | null {
  const bundle = readSignedBundle(field(value, 'bundle'))
  const keys = list(field(value, 'keys'), readKey)
  const acknowledgedSeq = integer(field(value, 'acknowledged_seq'))
  const injects = list(field(value, 'injects') ?? [], readInject)
  if (bundle === null || keys === null || acknowledgedSeq === null || injects === null) return null
  const owner = text(field(field(value, 'owner'), 'username')) ?? ''
  return { owner: clean(owner, 100), bundle, keys, acknowledgedSeq, injects }
}

export function readSignedBundle(value: unknown): SignedBundle | null {
  const payload = text(field(value, 'payload'))
  const keyId = text(field(value, 'key_id'))
  const signature = text(field(value, 'signature'))
  return payload === null || keyId === null || signature === null ? null : { payload, keyId, signature }
}

/** Only after its signature was found good. */
export function readBundle(payload: string): Bundle | null {
  const value = parseJson(payload)
  const version = integer(field(value, 'version'))
  const notAfter = instant(field(value, 'not_after'))
  const layers = list(field(value, 'layers'), readLayer)
  const keys = list(field(value, 'keys') ?? [], readKey)
  if (version === null || notAfter === null || layers === null || keys === null) return null
  return { version, notAfter, layers, keys }
}

export const readAcknowledged = (value: unknown): number | null => integer(field(value, 'acknowledged_seq'))

export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** What went wrong, in the server's words: a problem document, or nothing. */
export function readProblem(value: unknown): string | null {
  const said = text(field(value, 'message')) ?? text(field(value, 'detail')) ?? text(field(value, 'title'))
  return said === null ? null : clean(said, 300)
}

const scopes = ['deployment', 'organization', 'template', 'task', 'grant'] as const

function readLayer(value: unknown): BundleLayer | null {
  const scope = scopes.find((known) => known === field(value, 'scope'))
  const name = text(field(value, 'name'))
  const version = integer(field(value, 'version'))
  const document = text(field(value, 'document'))
  if (scope === undefined || name === null || version === null || document === null) return null
  return { scope, name: clean(name, 64), version, document }
}

function readKey(value: unknown): SigningKey | null {
  const id = text(field(value, 'id'))
  const publicKey = text(field(value, 'public_key'))
  return id === null || publicKey === null ? null : { id: clean(id, 100), publicKey }
}

function readInject(value: unknown): Inject | null {
  const host = text(field(value, 'host'))
  const port = integer(field(value, 'port'))
  const paths = list(field(value, 'paths') ?? [], text)
  return host === null || port === null || paths === null ? null : { host, port, paths }
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const integer = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : null

function instant(value: unknown): Date | null {
  const date = typeof value === 'string' ? new Date(value) : null
  return date === null || Number.isNaN(date.getTime()) ? null : date
}

/** Every one of them, or none. */
function list<T>(value: unknown, read: (item: unknown) => T | null): T[] | null {
  if (!Array.isArray(value) || value.length > 10_000) return null
  const items: T[] = []
  for (const item of value) {
    const found = read(item)
    if (found === null) return null
    items.push(found)
  }
  return items
}

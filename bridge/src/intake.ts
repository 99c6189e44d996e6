import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { BodyMemory, Shared } from './bodies.ts'
import { recogniseClient } from './clients.ts'
import type { CollectedBody } from './collect-body.ts'
import { type Digest, digestBody } from './digest.ts'
import { patchBody } from './edits.ts'
import type { Exchange } from './exchange.ts'
import { maskBody } from './masking/masked-body.ts'
import type { Masker } from './masking/masker.ts'
import type { Secrets } from './masking/secrets.ts'
import type { Provider } from './providers/provider.ts'
import type { Actor, ClientFacts, RecordedBody, SentFacts, StartFacts } from './recorder.ts'
import type { Routed } from './routes.ts'
import type { Scan } from './scan.ts'
import type { SentRequest } from './translation.ts'
import type { Refusal } from './wire/wire-format.ts'

/** What is known of a request before it is recorded and sent on. */
export interface Intake {
  readonly facts: ClientFacts & Pick<StartFacts, 'model' | 'streaming' | 'body' | 'sent'>
  readonly body: Buffer
  /** The request as the provider is asked, where that is not as it came. */
  readonly sent: (SentRequest & { readonly body: Buffer }) | null
  /** Why it will not be sent on; null when it will. */
  readonly refusal: Refusal | null
  /** What of the body's members was found; null when it was not looked for. */
  readonly scan: Scan | null
  /** How the body is remembered once its start record is durable; null when it is of no use to later ones. */
  readonly remember: {
    readonly key: string
    readonly body: { readonly bytes: Buffer; readonly scan: Scan; readonly digest: Digest; readonly secrets: Secrets }
    readonly shared: Shared | null
  } | null
}

const noFacts = { model: '', streaming: false, bodySessionId: null }
const nothing = Buffer.alloc(0)

/** Looks at the head and body of a request: whose client it is, what it asks for, and how much of it came before. */
export function takeIn(
  exchange: Exchange & { readonly actor: Actor },
  { provider, route, path }: Routed,
  collected: CollectedBody,
  { bodies, masker }: { readonly bodies: BodyMemory; readonly masker: Masker | null },
): Intake {
  const { headers } = exchange.req
  const body = collected.kind === 'body' ? collected.bytes : nothing
  const unread = (refusal: Refusal | null): Intake => ({
    facts: {
      ...recogniseClient(headers, noFacts),
      model: '',
      streaming: false,
      body: plainBody(body, masker),
      sent: null,
    },
    body,
    sent: null,
    refusal,
    scan: null,
    remember: null,
  })
  if (collected.kind === 'refused') return unread(collected.refusal)
  if (collected.kind === 'gone') return unread(null)
  if (route.refusal !== undefined) return unread(route.refusal)
  if (route.kind === 'passthrough') return unread(null)
  if (route.method !== 'POST') return unread(body.length === 0 ? null : unwanted)

  if (!isUtf8(body))
    return unread({ reason: 'invalid', message: 'The request body is not UTF-8, which JSON has to be.' })

  // A session that the headers name is known before the body is read, and then the body need not be read anew.
  const named = recogniseClient(headers, noFacts)
  const conversation = (session: string | null, agent: string | null): string =>
    [exchange.actor.userId, exchange.actor.organizationId, provider.name, route.kind, session, agent].join('\n')
  let key = conversation(named.clientSessionId, named.agentId)
  let shared: Shared | null = named.clientSessionId === null ? null : bodies.nearest(key, body)

  const result = route.wire.scan(
    body,
    shared === null ? undefined : { scan: shared.earlier.scan, prefixBytes: shared.prefixBytes },
  )
  if (!result.ok) return unread({ reason: 'invalid', message: capitalised(result.problem) })
  const { scan } = result
  const said = route.wire.requestFacts(body, scan, path)
  if (said.problem !== undefined) return unread({ reason: 'invalid', message: said.problem })
  const client = named.clientSessionId === null ? recogniseClient(headers, said) : named
  if (named.clientSessionId === null) {
    key = conversation(client.clientSessionId ?? route.wire.beginning(body, scan), client.agentId)
    shared = bodies.nearest(key, body)
  }
  const digest = digestBody(body, shared)
  const { recorded, secrets } = maskBody(body, digest, shared, masker)
  const translated = route.translation?.request({ ...said, body, scan, headers }) ?? null
  const sent =
    translated !== null && 'path' in translated ? { ...translated, body: patchBody(body, translated.patch) } : null
  return {
    facts: {
      ...client,
      model: said.model,
      streaming: said.streaming,
      body: recorded,
      sent: sent === null ? null : sentFacts(sent, provider),
    },
    body,
    sent,
    refusal: translated !== null && 'reason' in translated ? translated : null,
    scan,
    remember: { key, body: { bytes: body, scan, digest, secrets }, shared },
  }
}

const unwanted: Refusal = { reason: 'invalid', message: 'A request with this method has no body.' }

function sentFacts({ path, patch, body }: NonNullable<Intake['sent']>, provider: Provider): SentFacts {
  return {
    path: provider.upstreamPath(path),
    patch,
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest(),
  }
}

function plainBody(bytes: Buffer, masker: Masker | null): RecordedBody {
  return maskBody(bytes, digestBody(bytes, null), null, masker).recorded
}

function capitalised(problem: string): string {
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`
}

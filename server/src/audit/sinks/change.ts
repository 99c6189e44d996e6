import { createHash } from 'node:crypto'
import { Fault } from '@reeve/base'
import type { Updateable } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import { newWebhookSecret, webhookKey } from '../../http/signed-webhook.ts'
import type { Keyring } from '../../keyring/keyring.ts'
import type { SinkRow } from './queries.ts'
import { readSinkUrl, secretContext } from './target.ts'

/** What a sink may be made of and changed to. Everything here is about what was asked; nothing is written. */

export interface SinkSecret {
  readonly text: string
  /** Made here, so that it has to be shown once. */
  readonly isNew: boolean
}

/** Of a webhook one is made where none is given; a receiver of OTLP may want none; syslog has none. */
export function secretFor(kind: SinkRow['kind'], given: string | undefined): SinkSecret | null {
  if (kind === 'syslog') {
    if (given !== undefined) throw bad('secret', 'is of no use for syslog')
    return null
  }
  if (kind === 'otlp') {
    if (given !== undefined && !/^[\x21-\x7e]+$/.test(given)) throw bad('secret', 'has characters that no token has')
    return given === undefined ? null : { text: given, isNew: false }
  }
  if (given === undefined) return { text: newWebhookSecret().reveal(), isNew: true }
  if (webhookKey(given) === null)
    throw bad('secret', 'must be whsec_ and 24 to 64 bytes in base64; leave it out to have one made')
  return { text: given, isNew: false }
}

export function checkCa(ca: string | null | undefined): void {
  if (typeof ca === 'string' && !/-----BEGIN CERTIFICATE-----/.test(ca)) throw bad('ca', 'holds no certificate in PEM')
}

export interface SinkPatch {
  readonly name?: string | undefined
  readonly url?: string | undefined
  readonly format?: SinkRow['format'] | undefined
  readonly secret?: string | null | undefined
  readonly ca?: string | null | undefined
  readonly allow_private?: boolean | undefined
  readonly enabled?: boolean | undefined
  readonly sends?: readonly string[] | undefined
  readonly content?: boolean | undefined
}

/** The columns that a change asks for, and the secret to show when one was made. */
export function changesOf(
  sink: SinkRow,
  patch: SinkPatch,
  keyring: Pick<Keyring, 'seal'>,
  now: Date,
): { columns: Updateable<Schema['audit_sinks']>; shown: string | null } {
  const { name, format, ca, allow_private } = patch
  const sends = patch.sends === undefined ? undefined : [...new Set(patch.sends)]
  const content = patch.content ?? (sends?.includes('interceptions') === false ? false : undefined)
  const url = patch.url === undefined ? undefined : readSinkUrl(sink.kind, patch.url).href
  checkCa(ca)
  const isMoved = url !== undefined && new URL(url).host !== new URL(sink.url).host
  // Whoever may change a sink may not read its token: it goes nowhere that it was not entered for.
  if (isMoved && sink.kind === 'otlp' && sink.secret !== null && patch.secret === undefined)
    throw bad('secret', 'belongs to the address so far: enter it again, or null to send none')
  const secret = patch.secret === undefined ? undefined : secretFor(sink.kind, patch.secret ?? undefined)
  const given = { name, url, format, ca, allow_private, sends, content }
  return {
    columns: {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(secret === undefined
        ? {}
        : { secret: secret === null ? null : keyring.seal(secret.text, secretContext(sink.id)) }),
      ...switched(sink, patch.enabled, now),
    },
    shown: secret?.isNew === true ? secret.text : null,
  }
}

/** What is switched off fails no more; since when it is off does not change by saying it again. */
function switched(
  { disabled_at }: SinkRow,
  enabled: boolean | undefined,
  now: Date,
): Updateable<Schema['audit_sinks']> {
  if (enabled === undefined) return {}
  return enabled ? { disabled_at: null } : { disabled_at: disabled_at ?? now, failing_since: null, last_error: null }
}

/** Certificates are told by what they hash to. */
export const caDigest = (ca: string | null): string | null =>
  ca === null ? null : `sha256:${createHash('sha256').update(ca).digest('hex')}`

export const bad = (field: string, detail: string) =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { Fault } from '@reeve/base'
import {
  type AuditEvent,
  checkpointText,
  contentHash,
  formatKey,
  genesis,
  linkHash,
  noteKey,
  signNote,
  toBase64,
} from '@reeve/sdk'
import type { Asked, Handlers } from './handlers.ts'
import { minimal, type World } from './seed.ts'
import { exportedNow } from './seed-audit.ts'

/** The audit log: searched by every key of the contract, chained and signed for real, so that it can be verified. */

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

const origin = 'reeve/mock/audit'
const pair = generateKeyPairSync('ed25519')
const key = noteKey(origin, pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sha256)
/** So many of the newest events are not signed yet. */
const unsigned = 2

/** Oldest first, each with its place. */
export function chainedAudit({ audit }: World): AuditEvent[] {
  let before = genesis
  return audit
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map((event, at) => {
      const content = contentHash({ ...event, actor_id: event.actor?.id ?? null }, sha256)
      before = linkHash(before, at + 1, content, sha256)
      return { ...event, seq: at + 1, hash: toBase64(before) }
    })
}

type Test = (event: AuditEvent, value: string) => boolean
const equal =
  (fact: (event: AuditEvent) => string | null | undefined): Test =>
  (event, value) =>
    fact(event)?.toLowerCase() === value.toLowerCase()

const tests: Readonly<Record<string, Test>> = {
  id: equal(({ id }) => id),
  action: equal(({ action }) => action),
  resource_type: equal(({ resource_type }) => resource_type),
  resource_id: equal(({ resource_id }) => resource_id),
  resource_target: equal(({ resource_target }) => resource_target),
  username: equal(({ actor }) => actor?.username),
  actor_type: equal(({ actor }) => (actor === null ? 'nobody' : 'user')),
  outcome: equal(({ outcome }) => outcome),
  ip: equal(({ ip }) => ip),
  source: equal(({ source }) => source),
  reason: ({ reason }, value) => reason?.toLowerCase().includes(value.toLowerCase()) === true,
  organization: (_, value) => value === 'default',
  request_id: equal(({ request_id }) => request_id),
  date_from: ({ time }, value) => time >= new Date(value).toISOString(),
  date_to: ({ time }, value) => time < new Date(value).toISOString(),
}

/** Values of one key are alternatives; free words are looked for in what people call things. */
export function searchAudit(events: readonly AuditEvent[], q: string): AuditEvent[] {
  const wanted = new Map<string, string[]>()
  for (const [, name = '', quoted, plain = ''] of q.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? plain
    if (name !== '' && tests[name] === undefined) throw notUnderstood(`there is no key ${name}`)
    if (name === 'ip' && isIP(value) === 0) throw notUnderstood(`${value} is neither an address nor a range`)
    wanted.set(name, [...(wanted.get(name) ?? []), value])
  }
  return events.filter((event) =>
    [...wanted].every(([name, values]) => {
      const test = tests[name]
      const text = `${event.resource_target} ${event.resource_type} ${event.reason} ${event.actor?.username}`
      return test === undefined
        ? values.every((word) => text.toLowerCase().includes(word.toLowerCase()))
        : values.some((value) => test(event, value))
    }),
  )
}

const notUnderstood = (detail: string) =>
  new Fault('invalid', 'the search is not understood', { problems: [{ field: 'q', detail }] })

export const auditHandlers: Handlers = {
  listAuditEvents: ({ query }, { world }) => {
    const found = searchAudit(chainedAudit(world), query.q ?? '').reverse()
    const from = query.after_id === undefined ? 0 : found.findIndex(({ id }) => id === query.after_id) + 1
    return { audit_logs: found.slice(from, from + (query.limit ?? 100)), count: found.length }
  },
  getAuditChain: (_, { world }) => {
    const events = chainedAudit(world)
    const [head, signed] = [events.at(-1), events.at(-1 - unsigned)]
    if (head === undefined || signed === undefined) throw new Fault('not_found', 'there is no chain')
    const checkpoint = { seq: signed.seq ?? 0, hash: signed.hash ?? '', number: 8812, time: signed.time }
    const note = signNote(checkpointText({ origin, journals: [], ...checkpoint }), key, (message) =>
      sign(null, message, pair.privateKey),
    )
    return {
      origin,
      seq: head.seq ?? 0,
      hash: head.hash ?? '',
      removed_seq: 0,
      checkpoint: { number: checkpoint.number, seq: checkpoint.seq, time: signed.time, key_id: key.id, note },
      keys: [
        { key: formatKey(key), id: key.id, replica: '0197c0de-0000-7000-8000-0000000000bb', created_at: signed.time },
      ],
    }
  },
}

/** A file of lines; the export is on record before its first byte. */
export function exportAudit(
  res: ServerResponse,
  { world, user }: Asked,
  {
    format = 'jsonl',
    q = '',
    reason,
  }: { format?: string | undefined; q?: string | undefined; reason?: string | undefined },
): void {
  const found = searchAudit(chainedAudit(world), q)
  world.audit.push(exportedNow(minimal(user), format, q, reason ?? null))
  res.setHeader('Content-Disposition', `attachment; filename="reeve-audit.${format === 'csv' ? 'csv' : 'jsonl'}"`)
  res.end(found.map((event) => `${JSON.stringify(event)}\n`).join(''))
}

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import {
  exportText,
  formatKey,
  genesis,
  nextLinesHash,
  noReceipt,
  noteKey,
  receiptText,
  signNote,
  toBase64,
} from '@reeve/sdk'
import { at, hostile, requestId, who } from './testing-sessions.ts'
import type { Handler, Name } from './testing.ts'

/** What a server answers about retention and holds, and what it proves with the key of its audit log. */

const legalHold = {
  id: requestId,
  user: who,
  session_id: null,
  from: at,
  to: null,
  reason: hostile,
  created_at: at,
  created_by: null,
  released_at: null,
  release_reason: null,
}

const retentionPolicy = {
  data_class: 'content' as const,
  keep_days: 190,
  inherited: false,
  version: 3,
  set_at: at,
  set_by: who,
  next: { keep_days: 30, inherited: false, effective_at: at, set_by: who },
}
const organizationName = { id: requestId, name: hostile, display_name: hostile }
const portion = {
  data_class: 'content' as const,
  unit: 'requests',
  organization: organizationName,
  day: '2026-06-18',
  removed: 12,
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const origin = 'reeve/d/audit'
export const auditKey = noteKey(origin, Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'), sha256)
const signed = (text: string) => signNote(text, auditKey, (message) => sign(null, message, privateKey))

const retentionReceipt = {
  ...portion,
  number: 1,
  created_at: at,
  note: signed(
    receiptText({
      origin,
      number: 1,
      before: noReceipt,
      dataClass: 'content',
      unit: 'requests',
      organization: requestId,
      day: portion.day,
      removed: portion.removed,
      ids: noReceipt,
      keepDays: 190,
      policyVersion: 3,
      setBy: 'settings',
      setAt: at,
      time: at,
    }),
  ),
}

/** An audit log in which nothing has happened yet, with its proof. */
export function emptyExport(): Buffer {
  const head = { seq: 0, hash: toBase64(genesis) }
  const lines = [
    JSON.stringify({ kind: 'header', format: 'reeve-audit-export/1', origin, exported_at: at, complete: true, head }),
    JSON.stringify({ kind: 'key', key: formatKey(auditKey) }),
  ]
  const hash = toBase64(lines.reduce((before, line) => nextLinesHash(before, line, sha256), genesis))
  const note = signed(exportText(origin, lines.length, hash, at))
  const manifest = { kind: 'manifest', events: 0, lines: lines.length, lines_hash: hash, key_id: auditKey.id, note }
  return Buffer.from([...lines, JSON.stringify(manifest), ''].join('\n'))
}

export const retentionAnswers = (some: <T>(items: readonly T[]) => readonly T[]): Partial<Record<Name, Handler>> => ({
  listLegalHolds: () => ({ holds: some([legalHold]) }),
  previewLegalHold: () => ({ covers: { interceptions: 3, sessions: 1, audit_events: 2 } }),
  listRetentionPolicies: () => ({
    grace_hours: 24,
    bounds: [],
    deployment: some([retentionPolicy]),
    organizations: some([{ organization: organizationName, policies: [retentionPolicy] }]),
  }),
  setRetentionPolicy: () => retentionPolicy,
  planRetention: () => ({
    at,
    portions: some([{ ...portion, held: 2 }]),
    holds: some([{ id: requestId, reason: hostile, keeps: 2 }]),
  }),
  runRetention: () => ({ removed: some([portion]), postponed: some(['2026-06-19']) }),
  listRetentionReceipts: () => ({ receipts: some([retentionReceipt]) }),
  createLegalHold: () => legalHold,
  getLegalHold: () => ({ ...legalHold, covers: { interceptions: 3, sessions: 1, audit_events: 2 } }),
  releaseLegalHold: () => legalHold,
})

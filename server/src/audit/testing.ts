import { generateKeyPairSync } from 'node:crypto'
import { type Clock, uuidv7 } from '@reeve/base'
import type { Visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import type { CheckpointLog } from './checkpoint-log.ts'
import type { AuditRow } from './queries.ts'
import type { AuditLog } from './routes.ts'
import { createSigner, type Signer } from './signing-key.ts'

/** A signer that no file knows, for a deployment that was just invented. */
export const testSigner = (clock: Clock): Signer =>
  createSigner(generateKeyPairSync('ed25519').privateKey, uuidv7(clock.now()))

export function memoryCheckpointLog(): CheckpointLog & { readonly notes: string[] } {
  const notes: string[] = []
  return {
    notes,
    append: async (note) => void notes.push(note),
    newest: async () => notes.at(-1) ?? null,
    async *read() {
      yield* notes
    },
  }
}

export const testAuditLog = (db: Database, clock: Clock): AuditLog => ({
  db,
  clock,
  signer: testSigner(clock),
  checkpointLog: memoryCheckpointLog(),
})

export const everybodysEvents: Visibility = {
  everything: true,
  organizationIds: [],
  own: { ownerId: '', within: [] },
  listed: { userId: '', groupIds: [], action: '' },
  ids: 'any',
}

/** An event as it is read, with nothing odd in it but what is given. */
export const auditRow = (given: Partial<AuditRow> = {}): AuditRow => ({
  id: '01999999-0000-7000-8000-000000000001',
  organization_id: null,
  actor_id: '01999999-0000-7000-8000-0000000000aa',
  api_key_id: 'key1',
  action: 'write',
  resource_type: 'user',
  resource_id: '01999999-0000-7000-8000-0000000000bb',
  resource_target: 'max',
  outcome: 'ok',
  diff: {},
  ip: '192.0.2.7',
  user_agent: 'reeve-cli/0.1.0 (linux)',
  request_id: 'r1',
  reason: null,
  source: 'cli',
  content_sha256: Buffer.alloc(32, 1),
  seq: 1,
  hash: Buffer.alloc(32, 2),
  username: 'dana',
  name: 'Dana',
  avatar_url: '',
  ...given,
})

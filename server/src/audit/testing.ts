import { generateKeyPairSync } from 'node:crypto'
import { type Clock, uuidv7 } from '@reeve/base'
import type { Visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import type { CheckpointLog } from './checkpoint-log.ts'
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

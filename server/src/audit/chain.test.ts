import { manualClock, silentLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { formatKey, verifyExport } from '@reeve/sdk'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { takeCheckpoint } from './checkpoints.ts'
import { exportEvents } from './export.ts'
import { appendAudit } from './journal.ts'
import { sha256, verifySignature } from './proof.ts'
import { removeOldEvents } from './removal.ts'
import { readAuditSearch } from './search.ts'
import { everybodysEvents, memoryCheckpointLog, testSigner } from './testing.ts'

const clock = manualClock('2026-06-01T00:00:00Z')
const signer = testSigner(clock)
const checkpointLog = memoryCheckpointLog()

const entry = (resourceId: string) => ({
  scope: { actor: null, requestId: 'r', sourceIp: null, userAgent: null },
  at: clock.now(),
  action: 'write',
  resourceType: 'session',
  resourceId,
  resourceTarget: 'x',
})

async function verified(db: TestDatabase) {
  const request = { format: 'jsonl', filter: readAuditSearch(''), visible: everybodysEvents } as const
  const pieces = await Array.fromAsync(exportEvents({ db, clock, signer, checkpointLog }, request))
  async function* lines() {
    yield* Buffer.concat(pieces).toString().split('\n')
  }
  return verifyExport({ lines: lines(), witnessed: [], keys: [formatKey(signer.key)], sha256, verify: verifySignature })
}

test('transactions that write at the same time make one chain without forks', async () => {
  await using db = await testDatabase()
  const writers = Array.from({ length: 40 }, (_, n) =>
    db.transaction(async (tx) => {
      await appendAudit(tx, entry(`${n}`))
      await appendAudit(tx, entry(`${n} again`))
      if (n % 5 === 0) throw new Error('undone')
    }),
  )
  await Promise.allSettled(writers)
  expect(await verified(db)).toMatchObject({ events: 64, from_seq: 1, to_seq: 64, findings: [] })
})

test('retention removes in order up to the first held event, and what is left verifies', async () => {
  await using db = await testDatabase()
  const held = '01999999-1111-7000-8000-000000000002'
  for (const id of ['a', 'b', held, 'c']) await db.transaction((tx) => appendAudit(tx, entry(id)))
  const hold = { id: held, session_id: held, reason: 'case', created_at: clock.now() }
  await db.sql.insertInto('legal_holds').values(hold).execute()
  await takeCheckpoint({ db, clock, log: silentLog, signer, checkpointLog })
  clock.advance(30 * 86_400_000)
  const before = new Date(clock.now().getTime() - 10 * 86_400_000)
  expect(await removeOldEvents({ db, clock, signer }, before)).toBe(2)
  expect(await verified(db)).toMatchObject({ from_seq: 3, to_seq: 5, findings: [] })
  await db.sql.updateTable('legal_holds').set({ released_at: clock.now() }).execute()
  expect(await removeOldEvents({ db, clock, signer }, before)).toBe(2)
  expect(await verified(db)).toMatchObject({ from_seq: 5, findings: [] })
  const young = removeOldEvents({ db, clock, signer }, new Date(Date.now() + 86_400_000))
  await expect(young).rejects.toThrow('last seven days')
})

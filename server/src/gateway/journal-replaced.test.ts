import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest'
import { answerTurn } from '../../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf } from './testing.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let folder: string
let journalDir: string
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  upstream.answer((seen) =>
    answerTurn(seen, { blocks: [{ type: 'text', text: 'yes' }], usage: { input_tokens: 5, output_tokens: 3 } }),
  )
  dana = await person(db, 'dana')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-replaced-'))
  journalDir = join(folder, 'journal')
})
afterEach(() => rm(folder, { recursive: true }))
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function ask(gateway: TestGateway, times: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < times; i++) {
    const answer = await gateway.ask(dana.token, bodyOf([{ role: 'user', content: `question ${i}` }]))
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    ids.push(answer.headers.get('x-reeve-interception-id') ?? '')
  }
  return ids
}

/** A life of the server on this journal, until everything of it is in the database. */
async function live(times: number): Promise<string[]> {
  await using gateway = await testGateway(db, upstream.url, {}, { journalDir })
  const ids = await ask(gateway, times)
  await expect.poll(() => recorded(ids)).toBe(times)
  return ids
}

const recorded = async (ids: readonly string[]) =>
  (await db.sql.selectFrom('interceptions').select('id').where('id', 'in', ids).where('outcome', '=', 'ok').execute())
    .length

/** The server serves and keeps the record on disk, and everything that tells an operator says what is wrong. */
async function liveBlocked(times: number): Promise<string[]> {
  await using gateway = await testGateway(db, upstream.url, {}, { journalDir })
  await expect.poll(() => gateway.gateway.status().journal.healthy).toBe(false)
  expect(gateway.gateway.status().journal.detail).toContain('docs/admin/record.md')
  const ids = await ask(gateway, times)
  expect(gateway.gateway.status().journal.healthy).toBe(false)
  expect(await gateway.registry.metrics()).toContain('reeve_drain_blocked 1')
  const [line] = gateway.lines.filter(({ level }) => level === 'error')
  expect(line?.message).toContain('PostgreSQL has more of this journal than there is on disk')
  expect(line?.facts).toMatchObject({ journalDir, checkpoint: { seq: expect.any(Number) } })
  return ids
}

/** What docs/admin/record.md says to do when the right journal is gone. */
async function takeFromTheBeginning(): Promise<void> {
  await db.sql.updateTable('journal_checkpoints').set({ segment: 0, byte_offset: 0, seq: 0 }).execute()
}

test('an older journal that was put back blocks the drain with an alarm, however long it grows, and is taken when told', async () => {
  const first = await live(2)
  await cp(journalDir, join(folder, 'older'), { recursive: true })
  const second = await live(3)
  expect(await recorded([...first, ...second])).toBe(5)
  await rm(journalDir, { recursive: true })
  await cp(join(folder, 'older'), journalDir, { recursive: true })

  // Past the place at which PostgreSQL believes it to be: a position alone would not tell.
  const kept = [...(await liveBlocked(4)), ...(await liveBlocked(4)), ...(await liveBlocked(0))]
  expect(await recorded(kept)).toBe(0)
  await takeFromTheBeginning()
  const later = await live(1)
  expect(await recorded([...first, ...second, ...kept, ...later])).toBe(14)
  const rows = await db.sql.selectFrom('interceptions').select('id').execute()
  expect(rows.length).toBe(14)
})

test('a journal whose segments were lost while its name stayed blocks the drain with an alarm', async () => {
  const first = await live(3)
  for (const name of await readdir(journalDir)) {
    if (name !== 'replica-id') await rm(join(journalDir, name), { recursive: true })
  }
  const kept = [...(await liveBlocked(0)), ...(await liveBlocked(2))]
  expect(await recorded(kept)).toBe(0)
  await takeFromTheBeginning()
  const later = await live(1)
  expect(await recorded([...first, ...kept, ...later])).toBe(6)
})

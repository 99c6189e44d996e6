import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { someone } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

/** Runs one life and resolves with what it said before it ended. */
async function live(dir: string, userId: string, point: string): Promise<{ said: string[]; killed: boolean }> {
  const task = JSON.stringify({ dir, connection: db.connection, userId, point })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-testing.ts'), task], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
  })
  const said: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
  const [code, signal] = await once(child, 'close')
  expect(signal === 'SIGKILL' || code === 0).toBe(true)
  return {
    said: said
      .join('')
      .split('\n')
      .filter((line) => line !== ''),
    killed: signal === 'SIGKILL',
  }
}

test('kill -9 at each point of the protocol: one start and one truthful end each, and none twice', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'reeve-crash-'))
  const { userId } = someone()
  const points = [
    'beginning',
    'begun',
    'answering',
    'ending',
    'ended',
    'committed',
    'draining',
    'opened',
    'recovered',
    'begun',
    'none',
  ]
  const said: string[] = []
  try {
    for (const point of points) {
      const life = await live(dir, userId, point)
      if (point !== 'draining') expect([point, life.killed]).toEqual([point, point !== 'none'])
      said.push(...life.said)
    }
  } finally {
    await rm(dir, { recursive: true })
  }
  const rows = await db.sql
    .selectFrom('interceptions')
    .select(['id', 'outcome', 'response_bytes', 'stop_reason'])
    .where('user_id', '=', userId)
    .execute()
  const outcomes = new Map(rows.map((row) => [row.id, row]))
  const named = (verb: string) => said.filter((line) => line.startsWith(verb)).map((line) => line.split(' ')[1]!)
  for (const id of named('begun')) expect(outcomes.has(id)).toBe(true)
  for (const id of named('ended')) expect(outcomes.get(id)).toMatchObject({ outcome: 'ok', stop_reason: 'end_turn' })
  expect(rows.every((row) => row.outcome === 'ok' || row.outcome === 'interrupted')).toBe(true)
  expect(rows.some((row) => row.outcome === 'interrupted' && row.response_bytes > 0)).toBe(true)
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
  const [session] = await db.sql
    .selectFrom('sessions')
    .select(['requests', 'open_requests'])
    .where('user_id', '=', userId)
    .execute()
  expect(session).toEqual({ requests: rows.length, open_requests: 0 })
})

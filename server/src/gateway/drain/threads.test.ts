import { afterAll, beforeAll, expect, test } from 'vitest'
import { administer } from '../../db/administer.ts'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'
import { statements } from './queries.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

/** How many rows of the record a plan read, those that it had no use for included. */
function rowsRead(node: PlanNode): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  const below = (node.Plans ?? []).map(rowsRead).reduce((sum, rows) => sum + rows, 0)
  return below + (node['Relation Name']?.startsWith('interceptions') === true ? own : 0)
}

test('looking for a turn reads that turn, and not the session that it is in', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const turns = Array.from({ length: 300 }, (_, turn) => bodyOf([{ role: 'user', content: `turn ${turn}` }]))
  await Promise.all(turns.map((body) => record(kept.recorder, startFacts(who, body), streamOf({ text: 'Yes.' }))))
  await kept.drain()
  await administer(db.connection, 'analyze interceptions')
  const wanted = await administer<{ session_id: string; turn: string }>(
    db.connection,
    `select session_id, encode(turn_sha256, 'hex') as turn from interceptions where user_id = $1 order by id limit 300`,
    [who.userId],
  )
  expect(wanted).toHaveLength(300)
  const of = wanted.slice(100, 200)
  const [explained] = await administer<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    db.connection,
    `explain (analyze, format json) ${statements.findTurns}`,
    [of.map((row) => row.session_id), of.map((row) => row.turn), '00000000-0000-0000-0000-000000000000'],
  )
  expect(rowsRead(explained!['QUERY PLAN'][0].Plan)).toBe(100)
})

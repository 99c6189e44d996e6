import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { bodyOf, endFacts, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const items = (id: string) =>
  db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id).orderBy('seq').execute()
const interception = (id: string) =>
  db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

test('a lower capture level leaves its content out of the journal, the database and the log lines', async () => {
  for (const capture of ['prompts', 'metadata'] as const) {
    await using kept = await testRecord({ db, capture, structuredLogging: true })
    const who = someone()
    const canary = `canary-${capture}`
    const result = { type: 'tool_result', tool_use_id: 'toolu_0', content: `${canary}-result` }
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_0', name: 'Read', input: {} }] },
      { role: 'user', content: [result, { type: 'text', text: `${canary}-typed` }] },
    ]
    const body = bodyOf(messages, { system: `${canary}-system` })
    const call = { id: 'toolu_9', name: 'Bash', input: { command: `${canary}-input` } }
    const start = startFacts(who, body)
    const recording = await kept.recorder.begin(start)
    const answer = streamOf({ thinking: `${canary}-thinking`, text: `${canary}-text`, call })
    for (let at = 0; at < answer.length; at += 50) recording.response(answer.subarray(at, at + 50))
    await recording.end(endFacts({ outcome: 'upstream_error', errorMessage: `${canary}-quoted` }))
    await kept.drain()

    const files = await readdir(kept.dir)
    const journal = (await Promise.all(files.map((name) => readFile(join(kept.dir, name), 'latin1')))).join('')
    const tables = ['interceptions', 'interception_items', 'sessions', 'blobs', 'drain_rejects']
    const dumps = await Promise.all(
      tables.map((name) => sql`select t::text as row from ${sql.table(name)} t`.execute(db.sql)),
    )
    const printed = JSON.stringify(kept.told.filter((message) => message.kind === 'records'))
    for (const place of [journal, JSON.stringify(dumps.map((dump) => dump.rows)), printed]) {
      for (const part of ['system', 'result', 'input', 'thinking', 'text', 'quoted'])
        expect(place).not.toContain(`${canary}-${part}`)
      expect(place.includes(`${canary}-typed`)).toBe(capture === 'prompts')
    }
    expect(await interception(start.id)).toMatchObject({
      tool_calls: 1,
      output_tokens: 7,
      request_slices: null,
      response_slices: null,
      response_bytes: answer.length,
    })
    const kinds = (await items(start.id)).map((item) => [item.kind, item.tool_name, item.not_captured])
    expect(kinds).toContainEqual(['tool_call', 'Bash', true])
    expect((await interception(start.id)).request_sha256).toEqual(hash('sha256', body, 'buffer'))
  }
})

test('structured logging prints a line for each record, and no control character as it is', async () => {
  await using kept = await testRecord({ db, structuredLogging: true })
  const call = { id: 'toolu_7', name: 'Bash', input: { command: 'ls' } }
  const start = startFacts(someone(), bodyOf([{ role: 'user', content: 'red \u001b[31m text' }]))
  await record(kept.recorder, start, streamOf({ call }))
  await kept.drain()
  const lines = kept.told.flatMap((message) => (message.kind === 'records' ? message.lines : []))
  expect(lines).toMatchObject([
    { record_type: 'interception_start', interception_id: start.id, client: 'Claude Code' },
    { record_type: 'prompt_usage', interception_id: start.id },
    { record_type: 'tool_usage', tool: 'Bash', input: '{"command":"ls"}', tool_call_id: 'toolu_7' },
    { record_type: 'token_usage', input_tokens: 10, output_tokens: 7 },
    { record_type: 'interception_end', outcome: 'ok' },
  ])
  expect(JSON.stringify(lines)).not.toContain('\u001b')
})

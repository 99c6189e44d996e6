import { manualClock, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf } from '../gateway/testing.ts'
import { dumpDatabase, leaks } from '../testing/canaries.ts'
import { runRetention } from './run.ts'
import { testRetention } from './testing.ts'

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')

test('two days after words were over, nothing of them is anywhere in the database; who called what still is', async () => {
  await using db = await testDatabase()
  await using world = await testRetention(db, clock)
  await world.decide('content', 10)
  const canary = new Map(
    ['system', 'prompt', 'thought', 'answer', 'input', 'result', 'error', 'second', 'reject'].map((name) => [
      name,
      `${name}-canary-4711`,
    ]),
  )
  const word = (name: string) => canary.get(name) ?? ''
  const who = someone()
  const startedAt = new Date(clock.now().getTime() - 12 * day)
  const at = (tail: string) => uuidv7Floor(startedAt).slice(0, -tail.length) + tail
  const messages = [{ role: 'user', content: word('prompt') }]
  const one = startFacts(who, bodyOf(messages, { system: word('system') }), { id: at('1'), startedAt })
  const call = { id: 'toolu_1', name: 'Bash', input: { command: word('input') } }
  await record(world.kept.recorder, one, streamOf({ thinking: word('thought'), text: word('answer'), call }), {
    endedAt: startedAt,
  })
  const more = [
    ...messages,
    { role: 'assistant', content: [{ type: 'tool_use', ...call }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: word('result') }] },
    { role: 'user', content: word('second') },
  ]
  const two = startFacts(who, bodyOf(more), { id: at('2'), startedAt })
  await record(world.kept.recorder, two, Buffer.from(''), {
    endedAt: startedAt,
    outcome: 'upstream_error',
    errorType: 'invalid_request_error',
    errorMessage: `you sent ${word('error')}`,
  })
  await world.kept.drain()
  await world.ageBlobs(12)
  await db.sql
    .insertInto('drain_rejects')
    .values({
      replica_id: one.id,
      segment: 1,
      byte_offset: 1,
      reason: 'r',
      payload: Buffer.from(word('reject')),
      rejected_at: startedAt,
    })
    .execute()
  const there = leaks(canary, await dumpDatabase(db))
  for (const name of canary.keys())
    expect(
      there.some((leak) => leak.startsWith(`${name} in`)),
      name,
    ).toBe(true)

  await runRetention(world)
  expect(leaks(canary, await dumpDatabase(db))).toEqual([])
  const rows = await db.sql
    .selectFrom('interceptions')
    .select(['model', 'outcome', 'error_type', 'tool_names', 'request_bytes', 'tool_calls'])
    .orderBy('id')
    .execute()
  expect(rows).toMatchObject([
    { model: 'm-1', outcome: 'ok', tool_names: ['Bash'], tool_calls: 1 },
    { outcome: 'upstream_error', error_type: 'invalid_request_error', tool_names: [] },
  ])
})

/** What stays when the words go. A column that is in neither list has to be decided about: see `stripRequests`. */
const metadata = {
  interceptions: `id replica_id replica_seq record_no organization_id user_id api_key_id session_id thread_id provider
    provider_name route model model_served streaming credential_kind credential_hint client client_version user_agent
    client_session_id agent_id parent_agent_id source_ip boundary_session_id boundary_seq boundary_verified started_at ended_at outcome error_type status_code stop_reason
    provider_response_id provider_request_id capture request_bytes response_bytes request_sha256 response_sha256
    duration_ms first_byte_ms gateway_ms input_tokens output_tokens cache_read_tokens cache_write_tokens
    cache_write_1h_tokens reasoning_tokens audio_input_tokens audio_output_tokens usage_source usage_raw tool_calls
    retry_of masked attempts decisions content_removed_at tool_names`,
  sessions: `id organization_id user_id session_key grouped_by client client_version client_session_id providers
    provider_names models
    agents started_at last_active_at open_requests last_outcome last_outcome_from requests threads tool_calls input_tokens
    output_tokens cache_read_tokens cache_write_tokens cache_write_1h_tokens reasoning_tokens audio_input_tokens
    audio_output_tokens first_prompt_from last_prompt_from content_removed_at`,
}
const content = {
  interceptions: 'error_message request_slices response_slices sent prompt turn_sha256 masked_fingerprints',
  sessions: 'first_prompt last_prompt',
}

test('every column of requests and sessions is content or metadata, so that none is forgotten', async () => {
  await using db = await testDatabase()
  for (const table of ['interceptions', 'sessions'] as const) {
    const { rows } = await sql<{ name: string }>`
      select column_name as name from information_schema.columns
      where table_schema = 'public' and table_name = ${table}`.execute(db.sql)
    const decided = `${metadata[table]} ${content[table]}`.split(/\s+/)
    expect(rows.map(({ name }) => name).toSorted()).toEqual(decided.toSorted())
  }
})

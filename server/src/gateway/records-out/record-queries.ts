import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor } from '../../db/database.ts'
import { answerSeqFrom } from '../drain/rows.ts'
import type { EndFacts, ItemFacts, StartFacts } from './records.ts'

/** The SQL of what goes to sinks. */

/** How many interceptions of each journal have ended, by the journal. */
export async function findHeads(db: Executor): Promise<Map<Uuid, number>> {
  const { rows } = await sql<{ journal: Uuid; records: number }>`
    select replica_id as journal, records from journal_checkpoints where records > 0`.execute(db)
  return new Map(rows.map(({ journal, records }) => [journal, records]))
}

/** The number before the first that is still there, by the journal. */
export async function findBeginnings(db: Executor): Promise<Map<Uuid, number>> {
  const { rows } = await sql<{ journal: Uuid; had: number }>`
    select c.replica_id as journal,
      coalesce((select min(record_no) from interceptions i where i.replica_id = c.replica_id) - 1, c.records) as had
    from journal_checkpoints c where c.records > 0`.execute(db)
  return new Map(rows.map(({ journal, had }) => [journal, had]))
}

export interface EndedRow extends StartFacts, EndFacts {
  readonly journal: Uuid
  readonly record_no: number
  readonly username: string
  readonly ended_at: Date
}

/** Those of one journal with the numbers behind `had` up to `upTo`, without their bytes. */
export async function findEnded(db: Executor, journal: Uuid, had: number, upTo: number): Promise<EndedRow[]> {
  const { rows } = await sql<EndedRow>`
    select i.replica_id as journal, i.record_no, i.id, i.session_id, i.thread_id, i.organization_id, i.user_id,
      coalesce(u.username, '') as username, i.api_key_id, i.provider, i.provider_name, i.route, i.model, i.streaming,
      i.credential_kind, i.credential_hint, i.client, i.client_version, i.client_session_id, i.user_agent, i.agent_id,
      i.parent_agent_id, i.source_ip, i.started_at, i.ended_at, i.retry_of, i.capture, i.request_bytes, i.outcome,
      i.status_code, i.error_type, i.error_message, i.stop_reason, i.model_served, i.provider_response_id,
      i.provider_request_id, i.attempts, i.decisions, i.response_bytes, i.duration_ms, i.first_byte_ms, i.gateway_ms,
      i.usage_source, i.tool_calls, i.content_removed_at, i.input_tokens, i.output_tokens, i.cache_read_tokens, i.cache_write_tokens,
      i.cache_write_1h_tokens, i.reasoning_tokens, i.audio_input_tokens, i.audio_output_tokens,
      (select tool_call_id from interception_items t
        where t.interception_id = i.id and t.kind = 'tool_result' and t.seq < ${answerSeqFrom}
        order by t.seq desc limit 1) as correlating_tool_call_id
    from interceptions i left join users u on u.id = i.user_id
    where i.replica_id = ${journal} and i.record_no > ${had} and i.record_no <= ${upTo}
    order by i.record_no`.execute(db)
  return rows
}

/**
 * The next items that records tell of, in the order of the interceptions and then their own. `after` is the last that was
 * read: an interception may have more of them than should be in memory at once.
 */
export async function findTold(
  db: Executor,
  ids: readonly Uuid[],
  after: { readonly place: number; readonly seq: number },
  { words, limit }: { readonly words: boolean; readonly limit: number },
): Promise<(ItemFacts & { readonly place: number })[]> {
  const sorted = ids.toSorted()
  const text = words ? sql`item.text` : sql`null`
  const { rows } = await sql<ItemFacts & { place: number }>`
    select (wanted.place - 1)::int as place, item.interception_id, item.seq, item.kind, item.origin, item.at,
      ${text} as text, item.text_bytes, item.truncated, item.not_captured, item.tool_name, item.tool_call_id, item.is_error
    from unnest(${ids}::uuid[]) with ordinality as wanted (id, place)
    join interception_items item on item.interception_id = wanted.id
    where item.interception_id >= ${sorted[0]}::uuid and item.interception_id <= ${sorted.at(-1)}::uuid
      and item.kind in ('prompt', 'thinking', 'tool_call')
      and (wanted.place - 1, item.seq) > (${after.place}::int, ${after.seq}::int)
    order by wanted.place, item.seq limit ${limit}`.execute(db)
  return rows
}

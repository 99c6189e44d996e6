import type { Uuid } from '@reeve/base'
import type { AgenticAction, InterceptionDetails, Outcome, ToolUsage } from '@reeve/sdk'
import type { Database } from '../db/database.ts'
import { answerSeqFrom } from './drain/rows.ts'
import { findItemsOf, findTurns, type ItemRow } from './item-queries.ts'
import { eventId, ownWords, removedAt, usageOf } from './present.ts'
import type { InterceptionRow, SessionSpan } from './queries.ts'

/** What interceptions are made of, as lists and threads show it to whoever asks for details. */

type Shows = (row: InterceptionRow) => boolean

/** So many turns of the threads of one page; the timeline has all of them. */
const turnsMax = 500

export async function interceptionDetails(
  db: Database,
  rows: readonly InterceptionRow[],
  shows: Shows,
): Promise<Map<Uuid, InterceptionDetails>> {
  const items = await itemsOf(db, rows, ['prompt', 'tool_call'])
  return new Map(
    rows.map((row) => {
      const own = items.get(row.id) ?? []
      const shown = shows(row)
      return [
        row.id,
        {
          metadata: { user_agent: row.user_agent },
          token_usages:
            row.usage_source === 'none'
              ? []
              : [{ ...partOf(row, `${row.id}.tokens`, row.ended_at ?? row.started_at), ...usageOf(row) }],
          user_prompts: own
            .filter((item) => item.kind === 'prompt')
            .map((item) => ({
              ...itemPart(row, item),
              prompt: shown ? item.text : null,
              // SAFETY: what a request brings is of one of these, as the table checks.
              origin: item.origin as 'human' | 'agent' | 'client',
              ...withheldOf(row, shown),
            })),
          tool_usages: own.filter((item) => item.kind === 'tool_call').map((item) => toolUsage(row, item, shown, null)),
        },
      ]
    }),
  )
}

/** The turns of these threads, in order, and whether those are all. */
export async function threadActions(
  db: Database,
  session: SessionSpan,
  threadIds: readonly Uuid[],
  shows: Shows,
): Promise<{ actions: Map<Uuid, AgenticAction[]>; isWhole: boolean }> {
  const rows = await findTurns(db.sql, session, threadIds, turnsMax + 1)
  const turns = rows.slice(0, turnsMax)
  const items = await itemsOf(db, turns, ['thinking', 'tool_call', 'tool_result', 'text'])
  const failures = new Map<string, ItemRow>()
  for (const item of [...items.values()].flat()) {
    if (item.kind === 'tool_result' && item.is_error && item.tool_call_id !== null)
      failures.set(item.tool_call_id, item)
  }
  const actions = Map.groupBy(turns, (row) => row.thread_id)
  return {
    isWhole: rows.length <= turnsMax,
    actions: new Map(
      [...actions].map(([thread, own]) => [
        thread,
        own.map((row) => action(row, items.get(row.id) ?? [], shows(row), failures)),
      ]),
    ),
  }
}

function action(
  row: InterceptionRow,
  items: readonly ItemRow[],
  shown: boolean,
  failures: ReadonlyMap<string, ItemRow>,
): AgenticAction {
  const said = items.filter((item) => item.seq >= answerSeqFrom)
  const words = (kind: string): ItemRow[] => said.filter((item) => item.kind === kind)
  const answer = words('text').map((item) => item.text ?? '')
  return {
    interception_id: row.id,
    model: row.model_served ?? row.model,
    // SAFETY: only the drain writes it, from a frame whose schema has these values.
    outcome: row.outcome as Outcome,
    error_type: row.error_type,
    error_message: shown || ownWords.includes(row.outcome) ? row.error_message : null,
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
    token_usage: usageOf(row),
    thinking: words('thinking').map((item) => ({ text: shown ? item.text : null })),
    tool_calls: words('tool_call').map((item) =>
      toolUsage(row, item, shown, failures.get(item.tool_call_id ?? '')?.text ?? null),
    ),
    answer: shown && answer.length > 0 ? answer.join('\n') : null,
    ...withheldOf(row, shown),
  }
}

function toolUsage(row: InterceptionRow, item: ItemRow, shown: boolean, failure: string | null): ToolUsage {
  return {
    ...itemPart(row, item),
    provider_tool_call_id: item.tool_call_id,
    tool: item.tool_name,
    input: shown ? item.text : null,
    server_url: null,
    injected: false,
    invocation_error: shown ? failure : null,
    ...withheldOf(row, shown),
  }
}

const withheldOf = (row: InterceptionRow, shown: boolean) => ({
  content_withheld: !shown,
  content_removed_at: removedAt(row),
})

const itemPart = (row: InterceptionRow, item: ItemRow) => partOf(row, eventId(row.id, item.seq), item.at)

const partOf = (row: InterceptionRow, id: string, at: Date) => ({
  id,
  interception_id: row.id,
  provider_response_id: row.provider_response_id,
  metadata: {},
  created_at: at.toISOString(),
})

async function itemsOf(
  db: Database,
  rows: readonly InterceptionRow[],
  kinds: readonly string[],
): Promise<Map<Uuid, ItemRow[]>> {
  const ids = rows.map((row) => row.id)
  return Map.groupBy(await findItemsOf(db.sql, ids, kinds), (item) => item.interception_id)
}

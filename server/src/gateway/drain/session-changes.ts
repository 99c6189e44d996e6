import { turnRoutes } from '@reeve/bridge'
import type { EndHead } from '../record/frames.ts'
import type { RequestReading } from '../record/reading.ts'
import { addTokens, noTokens, tokensAsColumns, tokensOfColumns } from '../record/token-classes.ts'
import type { EndRow, InterceptionRow, SessionChange } from './rows.ts'
import type { Known } from './sessions.ts'
import { storable } from './storable.ts'

const excerptChars = 500

/** What a batch adds to the sessions that it touches. */
export class SessionChanges {
  readonly #changes = new Map<string, SessionChange>()

  started(row: InterceptionRow, reading: RequestReading): void {
    const change = this.#of(row.session_id, row.started_at)
    change.requests++
    change.open_requests++
    // What belongs to no conversation begins no thread: a session that is only such requests counts none.
    if (row.thread_id === row.id && turnRoutes.includes(row.route)) change.threads++
    change.client_version = row.client_version ?? change.client_version
    change.providers.add(row.provider)
    change.provider_names.add(row.provider_name)
    if (row.model !== '') change.models.add(row.model)
    if (row.agent_id !== null) change.agents.add(row.agent_id)
    if (row.prompt === null || row.retry_of !== null || reading.side) return
    const prompt = row.prompt.slice(0, excerptChars).toWellFormed()
    if (change.first_prompt_from === null || row.id < change.first_prompt_from) {
      change.first_prompt = prompt
      change.first_prompt_from = row.id
    }
    if (change.last_prompt_from === null || row.id >= change.last_prompt_from) {
      change.last_prompt = prompt
      change.last_prompt_from = row.id
    }
  }

  ended(known: Known, head: EndHead, row: EndRow): void {
    const change = this.#of(known.sessionId, head.endedAt)
    change.open_requests--
    change.tool_calls += row.tool_calls
    change.tokens = addTokens(change.tokens, tokensOfColumns(row))
    // A failed count of tokens says nothing about how the conversation stands.
    if (!turnRoutes.includes(known.route)) return
    if (change.last_outcome_from !== null && known.id < change.last_outcome_from) return
    change.last_outcome = head.outcome
    change.last_outcome_from = known.id
  }

  rows(): object[] {
    return [...this.#changes.values()].map(({ tokens, ...change }) => ({
      ...change,
      providers: [...change.providers],
      provider_names: [...change.provider_names],
      models: [...change.models],
      agents: [...change.agents],
      ...tokensAsColumns(tokens),
    }))
  }

  ids(): string[] {
    return [...this.#changes.keys()]
  }

  #of(id: string, at: string): SessionChange {
    const known = this.#changes.get(id)
    if (known !== undefined) {
      if (at > known.last_active_at) known.last_active_at = at
      if (at < known.started_at) known.started_at = at
      return known
    }
    const change: SessionChange = {
      id,
      client_version: null,
      providers: new Set(),
      provider_names: new Set(),
      models: new Set(),
      agents: new Set(),
      started_at: at,
      last_active_at: at,
      requests: 0,
      open_requests: 0,
      threads: 0,
      tool_calls: 0,
      tokens: noTokens,
      first_prompt: null,
      first_prompt_from: null,
      last_prompt: null,
      last_prompt_from: null,
      last_outcome: null,
      last_outcome_from: null,
    }
    this.#changes.set(id, change)
    return change
  }
}

/** What a person typed in this request, as one text; null when nobody did. */
export function humanPrompt(reading: RequestReading, charsMax: number): string | null {
  const texts = reading.items.flatMap((item) =>
    item.kind === 'prompt' && item.origin === 'human' && item.text !== null ? [item.text] : [],
  )
  return texts.length === 0 ? null : storable(texts.join('\n'), charsMax)
}

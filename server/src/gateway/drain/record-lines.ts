import type { Written } from './write.ts'

/**
 * What structured logging prints: one flat object a record, with the field names that existing log pipelines know.
 * Printed after the commit, so that a line never tells of something that is not in the database. Control characters are
 * escaped by JSON itself.
 */
export function recordLines({ starts, ends }: Written): object[] {
  const lines: object[] = []
  for (const { row, items } of starts) {
    lines.push({
      record_type: 'interception_start',
      interception_id: row.id,
      session_id: row.session_id,
      thread_root_id: row.thread_id,
      initiator_id: row.user_id,
      api_key_id: row.api_key_id,
      provider: row.provider,
      provider_name: row.provider_name,
      route: row.route,
      model: row.model,
      streaming: row.streaming,
      client: row.client,
      client_version: row.client_version,
      client_session_id: row.client_session_id,
      agent_id: row.agent_id,
      source_ip: row.source_ip,
      started_at: row.started_at,
    })
    for (const item of items) {
      if (item.kind !== 'prompt') continue
      const { text: prompt, origin, truncated, not_captured } = item
      lines.push({
        record_type: 'prompt_usage',
        interception_id: row.id,
        prompt,
        origin,
        truncated,
        not_captured,
        created_at: item.at,
      })
    }
  }
  for (const { row, items } of ends) {
    const about = { interception_id: row.id, msg_id: row.provider_response_id, created_at: row.ended_at }
    for (const item of items) {
      if (item.kind !== 'tool_call') continue
      const { tool_name: tool, tool_call_id, text: input, truncated, not_captured } = item
      lines.push({ record_type: 'tool_usage', ...about, tool_call_id, tool, input, truncated, not_captured })
    }
    if (row.usage_source !== 'none') {
      lines.push({
        record_type: 'token_usage',
        ...about,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cache_read_input_tokens: row.cache_read_tokens,
        cache_write_input_tokens: row.cache_write_tokens,
        cache_write_1h_input_tokens: row.cache_write_1h_tokens,
        reasoning_tokens: row.reasoning_tokens,
        audio_input_tokens: row.audio_input_tokens,
        audio_output_tokens: row.audio_output_tokens,
        usage_source: row.usage_source,
      })
    }
    lines.push({
      record_type: 'interception_end',
      interception_id: row.id,
      ended_at: row.ended_at,
      outcome: row.outcome,
      status_code: row.status_code,
      error_type: row.error_type,
      stop_reason: row.stop_reason,
      duration_ms: row.duration_ms,
    })
  }
  return lines
}

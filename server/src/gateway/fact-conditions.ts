import { type RawBuilder, sql } from 'kysely'
import { inLifetime } from './queries.ts'
import type { Has, RequestFacts } from './search.ts'

/** What a query asks of a request beside its list's own columns, about `interceptions i`. */
export function factConditions(facts: RequestFacts): RawBuilder<unknown>[] {
  const { routes, tools, errorTypes, stopReasons, statusCodes, credentialKinds } = facts
  const { organizations, threadIds, agents, apiKeys, boundaries, has } = facts
  const oneOf = (column: RawBuilder<unknown>, values: readonly string[]) =>
    values.length === 0 ? [] : [sql`${column} = any(${values}::text[])`]
  return [
    ...oneOf(sql`i.route`, routes),
    ...oneOf(sql`i.error_type`, errorTypes),
    ...oneOf(sql`i.stop_reason`, stopReasons),
    ...oneOf(sql`i.credential_kind`, credentialKinds),
    ...oneOf(sql`i.agent_id`, agents),
    ...oneOf(sql`i.api_key_id`, apiKeys),
    ...(statusCodes.length === 0 ? [] : [sql`i.status_code = any(${statusCodes}::int[])`]),
    ...(boundaries.length === 0
      ? []
      : [sql`(i.boundary_session_id = any(${boundaries}::uuid[]) and i.boundary_verified)`]),
    ...(threadIds.length === 0 ? [] : [sql`i.thread_id = any(${threadIds}::uuid[])`]),
    ...(organizations.length === 0
      ? []
      : [
          sql`i.organization_id in (select id from organizations
            where id::text = any(${organizations}::text[]) or lower(name) = any(${organizations}::text[]))`,
        ]),
    ...(tools.length === 0
      ? []
      : [
          sql`(exists (select from interception_items t where t.interception_id = i.id and t.kind = 'tool_call'
              and t.tool_name like any(${tools.map(pattern)}::text[]))
            or exists (select from unnest(i.tool_names) as name where name like any(${tools.map(pattern)}::text[])))`,
        ]),
    ...has.map((what) => hasCondition[what]),
  ]
}

/** As of a session: that one of its requests is like that. */
export function sessionFactConditions(facts: RequestFacts): RawBuilder<unknown>[] {
  const conditions = factConditions(facts)
  if (conditions.length === 0) return []
  return [
    sql`exists (select from interceptions i where i.session_id = s.id and ${inLifetime}
      and ${sql.join(conditions, sql` and `)})`,
  ]
}

const hasCondition: Readonly<Record<Has, RawBuilder<unknown>>> = {
  error: sql`i.outcome not in ('ok', 'live', 'client_disconnected')`,
  tool: sql`i.tool_calls > 0`,
  prompt: sql`i.prompt is not null`,
  masked: sql`i.masked > 0`,
  retry: sql`(i.retry_of is not null or jsonb_array_length(coalesce(i.attempts, '[]')) > 1)`,
  denied: sql`i.decisions @? '$[*] ? (@.allowed == false)'`,
  agent: sql`i.agent_id is not null`,
}

/** `*` is the one sign that means something. */
const pattern = (text: string): string => text.replace(/[\\%_]/g, '\\$&').replace(/\*+/g, '%')

/**
 * Every column that holds sealed values. Changing the key walks this list, and the start looks through it for values
 * whose key is missing; a test reads the whole database for sealed values that stand anywhere else.
 *
 * A value's context is `contextOf(table, column, ...key columns of its row)`.
 */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** What names the row: all columns of a unique key, in the order in which the context has them. */
  readonly key: readonly string[]
}

export const sealedColumns: readonly SealedColumn[] = [
  { table: 'external_auth_links', column: 'access_token', key: ['user_id', 'provider_id'] },
  { table: 'external_auth_links', column: 'refresh_token', key: ['user_id', 'provider_id'] },
  { table: 'external_auth_attempts', column: 'code_verifier', key: ['id'] },
  { table: 'user_links', column: 'refresh_token', key: ['id'] },
  { table: 'git_ssh_keys', column: 'sealed_private_key', key: ['user_id'] },
  { table: 'user_secrets', column: 'sealed_value', key: ['id'] },
  { table: 'outbox_messages', column: 'sealed_facts', key: ['id'] },
  { table: 'audit_sinks', column: 'secret', key: ['id'] },
  { table: 'ai_provider_keys', column: 'value', key: ['id'] },
  { table: 'boundary_signing_keys', column: 'secret', key: ['id'] },
  { table: 'template_versions', column: 'sealed_variables', key: ['id'] },
  { table: 'template_dry_runs', column: 'sealed_variables', key: ['job_id'] },
  { table: 'workspace_states', column: 'sealed_state', key: ['build_id'] },
  { table: 'workspace_agents', column: 'sealed_plan', key: ['id'] },
  { table: 'workspace_agents', column: 'sealed_gateway_token', key: ['id'] },
  { table: 'workspace_agents', column: 'sealed_boundary_token', key: ['id'] },
]

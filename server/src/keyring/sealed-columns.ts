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
  { table: 'outbox_messages', column: 'sealed_facts', key: ['id'] },
  { table: 'audit_sinks', column: 'secret', key: ['id'] },
  { table: 'ai_provider_keys', column: 'value', key: ['id'] },
]

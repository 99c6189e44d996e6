import type pg from 'pg'

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly nullable: boolean
  readonly defaulted: boolean
}

/**
 * The Kysely types of a migrated database, as TypeScript. How a type of PostgreSQL arrives in JavaScript is settled in
 * `column-types.ts`; the two must agree.
 */
export async function schemaTypes(client: pg.Client): Promise<string> {
  const { rows } = await client.query<Column>(`
    select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type,
      not a.attnotnull as nullable, a.atthasdef or a.attidentity <> '' as defaulted
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'schema_migrations'
    order by c.relname collate "C", a.attnum`)
  const tables = Map.groupBy(rows, ({ table }) => table)
  const interfaces = [...tables].map(
    ([table, columns]) => `export interface ${pascal(table)} {\n${columns.map(field).join('')}}\n`,
  )
  const index = [...tables.keys()].map((table) => `  ${table}: ${pascal(table)}\n`).join('')
  return `${header}\n${interfaces.join('\n')}\nexport interface Schema {\n${index}}\n`
}

const header = `// Generated from the migrated database by \`npm run gen\`; do not edit.

import type { ColumnType } from 'kysely'

/** Written as text, so that a list is not taken for an array of PostgreSQL. */
type Json = ColumnType<unknown, string, string>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
/** Has a default. */
type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>
`

const types: Readonly<Record<string, string>> = {
  bigint: 'number',
  boolean: 'boolean',
  bytea: 'Bytes',
  date: 'string',
  'double precision': 'number',
  inet: 'string',
  integer: 'number',
  jsonb: 'Json',
  smallint: 'number',
  text: 'string',
  'text[]': 'string[]',
  'timestamp with time zone': 'Date',
  uuid: 'string',
  'uuid[]': 'string[]',
}

/** Kysely looks for its column types at the top of a type, so that null goes inside of them. */
const nullables: Readonly<Record<string, string>> = {
  Json: 'ColumnType<unknown, string | null, string | null>',
  Bytes: 'ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>',
}

function field({ table, column, type, nullable, defaulted }: Column): string {
  const known = types[type]
  if (known === undefined) throw new Error(`${table}.${column} is ${type}, which has no TypeScript type yet`)
  const written = nullable ? (nullables[known] ?? `${known} | null`) : known
  return `  ${column}: ${defaulted ? `Generated<${written}>` : written}\n`
}

function pascal(snake: string): string {
  return snake.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** Looks for secrets where none may be: in text of whatever origin, as they are or in a form that anybody can undo. */

/** The text itself, percent-encoded, in hex, and in base64 at each of the three places where it can begin. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // The letters at both ends also carry bits of what stands beside the secret.
    return encoded.slice(before === 0 ? 0 : before + 1, encoded.length - (encoded.endsWith('=') ? 4 : 0))
  })
  const urls = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = bytes.toString('hex')
  return [...new Set([secret, encodeURIComponent(secret), hex, hex.toUpperCase(), ...base64, ...urls])]
}

/** Which secrets are in which places: `password in users`. */
export function leaks(secrets: ReadonlyMap<string, string>, places: ReadonlyMap<string, string>): string[] {
  return [...secrets].flatMap(([name, secret]) => {
    if (secret.length < 8) throw new RangeError(`${name} is too short to be told from anything else`)
    const forms = formsOf(secret)
    return [...places].flatMap(([place, text]) =>
      forms.some((form) => text.includes(form)) ? [`${name} in ${place}`] : [],
    )
  })
}

/** Every row of every table as text, by table. Bytes come as hex, and once more as the text that they may be. */
export async function dumpDatabase(db: Database): Promise<Map<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(db.sql)
  const dump = new Map<string, string>()
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db.sql)
    const text = rows.map(({ row }) => row).join('\n')
    const bytes = [...text.matchAll(/\\+x([0-9a-f]{16,})/g)].flatMap(([, hex]) => readings(Buffer.from(hex!, 'hex')))
    dump.set(name, [text, ...bytes].join('\n'))
  }
  return dump
}

/** Bytes as text, and what they are compressed from. */
function readings(bytes: Buffer): string[] {
  const plain = bytes.toString('latin1')
  if (bytes.readUInt32LE(0) !== 0xfd2fb528) return [plain]
  return [plain, zstdDecompressSync(bytes).toString('latin1')]
}

/** Columns in which something sealed stands: `external_auth_links.access_token`. */
export async function columnsWithSealed(db: Database): Promise<string[]> {
  const { rows: columns } = await sql<{ table: string; column: string }>`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'`.execute(db.sql)
  const found: string[] = []
  for (const { table, column } of columns) {
    const { rows } = await sql<{ found: boolean }>`
      select exists (select from ${sql.table(table)} where ${sql.ref(column)}::text like '%sealed-1.%') as found`.execute(
      db.sql,
    )
    if (rows[0]?.found === true) found.push(`${table}.${column}`)
  }
  return found.toSorted()
}

/** Every file below a folder, by its path. */
export function filesIn(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, readFileSync(path, 'latin1')]
    }),
  )
}

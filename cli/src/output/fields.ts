import type { MinimalUser } from '@reeve/sdk'
import type { Column, Tone } from './answer.ts'

/** Columns that several lists share. */

/** The beginning of a UUIDv7 is its millisecond: that much tells ids apart, and commands take it for the whole. */
export const shortId = (id: string): string => id.slice(0, 13)

export function idColumn<Row extends { readonly id: string }>(): Column<Row> {
  return { name: 'id', value: (row) => row.id, priority: 0 }
}

export function shortIdColumn<Row extends { readonly id: string }>(): Column<Row> {
  return { name: 'id', value: (row) => row.id, show: (row) => shortId(row.id), priority: 0 }
}

export function instantColumn<Row>(name: string, value: (row: Row) => string | null, priority: number): Column<Row> {
  return { name, value, instant: true, priority }
}

export function whoColumn<Row extends { readonly initiator: MinimalUser }>(): Column<Row> {
  return { name: 'who', value: (row) => row.initiator.username, priority: 1 }
}

const tones: Readonly<Record<string, Tone>> = {
  ok: 'green',
  done: 'green',
  active: 'green',
  live: 'cyan',
  error: 'red',
  refused: 'red',
  denied: 'red',
  suspended: 'red',
  upstream_error: 'red',
  upstream_aborted: 'red',
  interrupted: 'red',
  timeout: 'red',
  client_disconnected: 'yellow',
}

export const toneOf = (word: string): Tone => tones[word] ?? null

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import type { Client } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, raw, table } from '../output/answer.ts'
import { visibleJson } from '../output/visible.ts'

interface ApiInput {
  readonly method: string
  readonly path: string
  readonly data: string | undefined
  readonly paginate: boolean
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export async function callApi(context: Context, input: ApiInput): Promise<Answer> {
  const method = input.method.toUpperCase()
  if (!methods.includes(method)) throw new Fault('invalid', `"${input.method}" is none of ${methods.join(', ')}`)
  if (input.paginate && method !== 'GET') throw new Fault('invalid', '--paginate is for GET')
  const body = input.data === undefined ? undefined : await readBody(context, input.data)
  const client = await context.client()
  const path = input.path.startsWith('/') ? input.path : `/api/v2/${input.path}`
  if (input.paginate) return jsonAnswer(everyItem(context, client, path), null)
  const response = await client.send(method, path, { body, signal: context.io.signal, accept: 'application/json, */*' })
  if (response.status === 204) return jsonAnswer([], () => null)
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) return bytes(context, response)
  const value = parseJson(await response.text(), 'the answer')
  return jsonAnswer(itemsOf(value)?.items ?? [value], () => value)
}

/** Without columns: any shape may come back. `document` is the whole of it; without one, the list of items is. */
function jsonAnswer(rows: Iterable<unknown> | AsyncIterable<unknown>, document: (() => unknown) | null): Answer {
  return {
    ...table<unknown>(rows, [], idOf, ''),
    ...(document === null ? {} : { document }),
    page: async function* (items) {
      const value = document === null ? await Array.fromAsync(items) : document()
      if (value !== null) yield `${visibleJson(JSON.stringify(value, null, 2))}\n`
    },
  }
}

function idOf(row: unknown): string {
  if (typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string') return row.id
  throw new Fault('invalid', 'what came back has no ids', { fix: 'use -o json' })
}

/** Bytes that are no JSON go where they cannot drive a terminal. */
function bytes(context: Context, response: Response): Answer {
  if (context.io.tty.stdout)
    throw new Fault('invalid', 'the answer is not JSON and could drive your terminal', {
      fix: 'send it into a pipe or a file',
    })
  return raw(
    (async function* () {
      yield new Uint8Array(await response.arrayBuffer())
    })(),
  )
}

async function* everyItem(context: Context, client: Client, path: string): AsyncGenerator<unknown> {
  let next: string | null = path
  while (next !== null) {
    const response = await client.send('GET', next, { signal: context.io.signal })
    const value = parseJson(await response.text(), 'the answer')
    const found = itemsOf(value)
    if (found === null) throw new Fault('invalid', `${path} does not answer a list`, { fix: 'leave out --paginate' })
    yield* found.items
    const following = nextPage(next, found)
    // The same page again: the path knows no cursor.
    next = following === next ? null : following
  }
}

interface Items {
  readonly items: readonly unknown[]
  /** `next` of a list that hands out cursors; undefined for one that goes on after an id. */
  readonly next: string | null | undefined
  readonly count: number | null
}

/**
 * Lists are an array, or an object with one array of things beside counts and cursors. Where a cursor says that it is a
 * list, the first array is it: what stands beside a timeline is another.
 */
function itemsOf(value: unknown): Items | null {
  if (Array.isArray(value)) return { items: value, next: null, count: value.length }
  if (typeof value !== 'object' || value === null || 'id' in value) return null
  const arrays = Object.values(value).filter((field) => Array.isArray(field))
  const next = 'next' in value && (typeof value.next === 'string' || value.next === null) ? value.next : undefined
  const [items] = arrays
  if (items === undefined || (arrays.length > 1 && next === undefined)) return null
  const count = 'count' in value && typeof value.count === 'number' ? value.count : null
  return { items, next, count }
}

function nextPage(path: string, { items, next, count }: Items): string | null {
  if (next === null || items.length === 0) return null
  const [bare = '', search = ''] = path.split('?', 2)
  const query = new URLSearchParams(search)
  if (next !== undefined) query.set('after', next)
  else if (count !== null && !query.has('limit') && count <= items.length && !hasCursor(query)) return null
  else query.set(cursorName(bare), idOf(items.at(-1)))
  return `${bare}?${query}`
}

const cursorName = (path: string): string => (path.endsWith('/sessions') ? 'after_session_id' : 'after_id')
const hasCursor = (query: URLSearchParams): boolean => query.has('after_id') || query.has('after_session_id')

async function readBody(context: Context, given: string): Promise<unknown> {
  if (given === '-') {
    const pieces: Buffer[] = []
    for await (const piece of context.io.stdin) pieces.push(Buffer.from(piece))
    return parseJson(Buffer.concat(pieces).toString('utf8'), '--data')
  }
  if (!given.startsWith('@')) return parseJson(given, '--data')
  const file = resolve(context.io.cwd, given.slice(1))
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw new Fault('invalid', `--data: cannot read ${file}: ${toError(thrown).message}`)
  })
  return parseJson(text, '--data')
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new Fault(what === '--data' ? 'invalid' : 'upstream', `${what} is not JSON: ${toError(thrown).message}`)
  }
}

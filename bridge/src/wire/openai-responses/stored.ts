import { type Scan, scanObject } from '../../scan.ts'
import type { MadeReader, Named, StoredFormat } from '../stored-format.ts'
import { memberOf, valueAt } from '../body.ts'
import { arrayOf, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { sseSplitter } from '../sse.ts'

/**
 * What OpenAI keeps: responses with their items, and conversations. A request names them in its path, as what it carries
 * on (`previous_response_id`, `conversation`), and as items that it does not bring but only names.
 */
export const storedResponses: StoredFormat = { named, made }

/** What stands before differs from provider to provider. */
const storedPath = /\/(responses|conversations)((?:\/[^/]+)*)$/
/** Not ids, though they stand where ids do. */
const actions: readonly string[] = ['compact', 'input_tokens']

function named(path: string, body: Buffer, scan: Scan | null): Named {
  const ids = new Set<string>()
  const inPath = storedPath.exec(path)?.[2]?.split('/')[1]
  if (inPath !== undefined && !actions.includes(inPath)) ids.add(inPath)
  const problem = body.length === 0 ? null : namedInBody(path, body, scan, ids)
  return problem === null ? { ok: true, ids: [...ids] } : { ok: false, problem }
}

const decisive = ['input', 'items', 'previous_response_id', 'conversation']
const unreadable = 'The body names a stored object in a way that cannot be read.'

/** Adds what the body names; what comes back is what is wrong with it. */
function namedInBody(path: string, body: Buffer, given: Scan | null, ids: Set<string>): string | null {
  let scan = given
  if (scan === null) {
    const elementsOf = storedPath.exec(path)?.[1] === 'conversations' ? 'items' : 'input'
    const result = scanObject(body, { decisive, elementsOf })
    if (!result.ok) return capitalised(result.problem)
    scan = result.scan
  }
  let problem = carriedInBody(body, scan, ids)
  for (const { from, to } of scan.elements) problem ??= namedInItem(body.subarray(from, to), ids)
  return problem
}

function carriedInBody(body: Buffer, scan: Scan, ids: Set<string>): string | null {
  const previous = valueAt(body, memberOf(scan, 'previous_response_id')) ?? null
  if (typeof previous === 'string') ids.add(previous)
  else if (previous !== null) return unreadable
  const range = memberOf(scan, 'conversation')
  if (range === null) return null
  const conversation = valueAt(body, range)
  if (typeof conversation === 'string') {
    ids.add(conversation)
    return null
  }
  if (conversation === null) return null
  const inside = scanObject(body.subarray(range.from, range.to), { decisive: ['id'], elementsOf: '' })
  if (!inside.ok) return capitalised(inside.problem)
  const id = objectOf(conversation)['id']
  if (typeof id !== 'string') return unreadable
  ids.add(id)
  return null
}

/** Members with which an item brings something itself. */
const bringing: readonly string[] = [
  'action',
  'actions',
  'approval_request_id',
  'arguments',
  'call_id',
  'code',
  'content',
  'encrypted_content',
  'input',
  'operation',
  'output',
  'outputs',
  'queries',
  'result',
  'results',
  'tools',
]
const empty = /^(?:null|""|\[\s*\]|\{\s*\})$/

/** An item that has an id and brings nothing is taken by the provider for one that it keeps. */
function namedInItem(item: Buffer, ids: Set<string>): string | null {
  if (item[0] !== 0x7b || !(item.includes('"id"') || item.includes('\\u'))) return null
  const result = scanObject(item, { decisive: ['id', 'type'], elementsOf: '' })
  if (!result.ok) return capitalised(result.problem)
  const { scan } = result
  const id = valueAt(item, memberOf(scan, 'id')) ?? null
  if (id === null) return null
  const brings = scan.members.some(
    ({ key, from, to }) => bringing.includes(key) && !empty.test(item.toString('latin1', from, to)),
  )
  if (brings && stringOf(valueAt(item, memberOf(scan, 'type'))) !== 'item_reference') return null
  if (typeof id !== 'string') return unreadable
  ids.add(id)
  return null
}

const capitalised = (problem: string): string => `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`

function made(method: string, path: string, body: Buffer, scan: Scan | null): MadeReader | null {
  if (method !== 'POST') return null
  const [, kind, rest] = storedPath.exec(path) ?? []
  if (kind === 'conversations' && rest === '') return readMade()
  if (kind !== 'responses' || (rest !== '' && rest !== '/compact')) return null
  return scan !== null && valueAt(body, memberOf(scan, 'store')) === false ? null : readMade()
}

/** No answer has so many items. */
const idsMax = 4096
const wholeBytesMax = 16 * 1024 * 1024

function readMade(): MadeReader {
  const seen = new Set<string>()
  const fresh = (found: readonly (string | null)[]): string[] => {
    const ids = found.filter((id) => id !== null && !seen.has(id) && seen.size < idsMax && seen.add(id))
    return ids.filter((id) => id !== null)
  }
  let reader: { push(bytes: Buffer): (string | null)[]; finish(): (string | null)[] } | null = null
  return {
    push(bytes) {
      if (bytes.length === 0) return []
      reader ??= bytes[0] === 0x7b ? wholeMade() : streamMade()
      return fresh(reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)))
    },
    finish: () => fresh(reader?.finish() ?? []),
  }
}

function wholeMade(): { push(bytes: Buffer): (string | null)[]; finish(): (string | null)[] } {
  const parts: Buffer[] = []
  let size = 0
  return {
    push(bytes) {
      size += bytes.length
      if (size <= wholeBytesMax) parts.push(Buffer.from(bytes))
      else parts.length = 0
      return []
    },
    finish: () => idsOf(objectOf(parseJson(Buffer.concat(parts).toString('utf8')))),
  }
}

function streamMade(): { push(bytes: Buffer): (string | null)[]; finish(): (string | null)[] } {
  const split = sseSplitter()
  let givenUp = false
  return {
    push(bytes) {
      if (givenUp) return []
      try {
        return split(bytes).flatMap(({ data }) => {
          // Deltas, which are most of a stream, name the item that they grow and have no id of their own.
          if (!data.includes('"id"')) return []
          const { response, item } = objectOf(parseJson(data))
          return [...idsOf(objectOf(response)), stringOf(objectOf(item)['id'])]
        })
      } catch {
        // An event without an end: the relay gives the stream up at the same place.
        givenUp = true
        return []
      }
    },
    finish: () => [],
  }
}

function idsOf(object: JsonObject): (string | null)[] {
  return [stringOf(object['id']), ...arrayOf(object['output']).map((item) => stringOf(objectOf(item)['id']))]
}

import { Fault, isUuid, type Uuid } from '@reeve/base'
import { CredentialKind, Interception, Outcome, pieceValues, queryPieces, SessionStatus, unquoted } from '@reeve/sdk'

/** The `q` of the lists of sessions and requests, read: all of its terms must hold. The grammar is in `query-pieces.ts`. */
export interface SessionFilter {
  readonly initiators: readonly string[]
  readonly clients: readonly string[]
  readonly models: readonly string[]
  readonly providers: readonly string[]
  readonly providerNames: readonly string[]
  /** Ours or the client's own. */
  readonly sessionIds: readonly string[]
  readonly outcomes: readonly Outcome[]
  readonly statuses: readonly SessionStatus[]
  readonly startedAfter: Date | null
  readonly startedBefore: Date | null
  readonly words: readonly string[]
  /** Of a masked secret; null looks for none. */
  readonly fingerprint: string | null
  readonly facts: RequestFacts
}

/** What a request is asked to be like; of a session, that it has one like it. */
export interface RequestFacts {
  readonly routes: readonly string[]
  /** `*` stands for anything. */
  readonly tools: readonly string[]
  readonly errorTypes: readonly string[]
  readonly stopReasons: readonly string[]
  readonly statusCodes: readonly number[]
  readonly credentialKinds: readonly CredentialKind[]
  /** Names or ids. */
  readonly organizations: readonly string[]
  readonly threadIds: readonly Uuid[]
  readonly agents: readonly string[]
  readonly apiKeys: readonly string[]
  /** That a request came out of, and proved it. */
  readonly boundaries: readonly Uuid[]
  readonly has: readonly Has[]
}

export const hasWords = ['error', 'tool', 'prompt', 'masked', 'retry', 'denied', 'agent'] as const
export type Has = (typeof hasWords)[number]
const wordsMax = 8
const valuesMax = 100

const keys = [
  'initiator',
  'client',
  'model',
  'provider',
  'provider_name',
  'session_id',
  'thread_id',
  'outcome',
  'status',
  'route',
  'tool',
  'error_type',
  'stop_reason',
  'status_code',
  'credential_kind',
  'organization',
  'agent',
  'api_key',
  'boundary',
  'has',
  'started_after',
  'started_before',
] as const
type Key = (typeof keys)[number]

interface Value {
  readonly at: number
  readonly text: string
}

/** Throws `Fault('invalid')` that says what is wrong at which character. `me` is whoever asks. */
export function readSearch(
  q: string | undefined,
  me: { readonly userId: Uuid },
  fingerprint: string | null = null,
): SessionFilter {
  const terms = readTerms(q ?? '')
  const of = (key: Key | null): Value[] => terms.flatMap((term) => (term.key === key ? term.values : []))
  const texts = (key: Key): string[] => of(key).map(({ text }) => text)
  const chosen = <T extends string>(key: Key, allowed: readonly T[]): T[] =>
    of(key).map((value) => oneOf(key, value, allowed))
  const words = of(null)
  if (words.length > wordsMax) throw invalid(words[wordsMax]!.at, `at most ${wordsMax} words can be looked for at once`)
  return {
    initiators: texts('initiator').map((who) => (who === 'me' ? me.userId : who.toLowerCase())),
    clients: texts('client').map((client) => client.toLowerCase()),
    models: texts('model'),
    providers: texts('provider'),
    providerNames: texts('provider_name'),
    sessionIds: texts('session_id').map((id) => (isUuid(id) ? id.toLowerCase() : id)),
    outcomes: chosen('outcome', Outcome.options),
    statuses: chosen('status', SessionStatus.options),
    startedAfter: instant('started_after', of('started_after')),
    startedBefore: instant('started_before', of('started_before')),
    words: words.map(({ text }) => text),
    fingerprint,
    facts: {
      routes: chosen('route', Interception.shape.route.options),
      tools: texts('tool'),
      errorTypes: texts('error_type'),
      stopReasons: texts('stop_reason'),
      statusCodes: of('status_code').map(statusCode),
      credentialKinds: chosen('credential_kind', CredentialKind.options),
      organizations: texts('organization').map((name) => name.toLowerCase()),
      threadIds: of('thread_id').map((value) => idOf(value, 'thread_id', 'a thread')),
      agents: texts('agent'),
      apiKeys: texts('api_key'),
      boundaries: of('boundary').map((value) => idOf(value, 'boundary', 'the session of a boundary')),
      has: chosen('has', hasWords),
    },
  }
}

/** Whether it looks into what was said, and not only at facts about it. */
export const looksForWords = (filter: SessionFilter): boolean => filter.words.length > 0 || filter.fingerprint !== null

function readTerms(q: string): { readonly key: Key | null; readonly values: readonly Value[] }[] {
  const nul = q.indexOf('\0')
  if (nul !== -1) throw invalid(nul, 'there is a NUL character')
  let left = valuesMax
  return queryPieces(q).map(({ at, raw, key: given, text }) => {
    if (raw === '"') throw invalid(at, 'a quote is not closed')
    const key = given === null ? null : (keys.find((known) => known === given) ?? unknownKey(at, given))
    if (key !== null && text === '') throw invalid(at, `${key}: has no value`)
    const begin = at + raw.length - text.length
    const isWhole = key === null || key.startsWith('started_')
    const values = (isWhole ? [unquoted(text)] : pieceValues(text)).map((value) => ({ at: begin, text: value }))
    if (values.some((value) => value.text === '')) {
      throw invalid(begin, key === null ? 'there is an empty word' : `${key} has an empty value`)
    }
    left -= values.length
    if (left < 0) throw invalid(at, `there are more than ${valuesMax} values`)
    return { key, values }
  })
}

function unknownKey(at: number, key: string): never {
  throw invalid(at, `there is no key ${key}; the keys are ${keys.join(', ')}. Put words with a colon into quotes.`)
}

function oneOf<T extends string>(key: Key, { at, text }: Value, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === text.toLowerCase())
  if (found === undefined) throw invalid(at, `${key} is one of ${allowed.join(', ')}, not ${text}`)
  return found
}

function statusCode({ at, text }: Value): number {
  if (!/^[1-5]\d\d$/.test(text)) throw invalid(at, `status_code is a number such as 429, not ${text}`)
  return Number(text)
}

function idOf({ at, text }: Value, key: Key, what: string): Uuid {
  if (!isUuid(text)) throw invalid(at, `${key} is the id of ${what}, not ${text}`)
  return text.toLowerCase()
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/

function instant(key: Key, values: readonly Value[]): Date | null {
  const [value, second] = values
  if (value === undefined) return null
  if (second !== undefined) throw invalid(second.at, `${key} is there twice`)
  const time = new Date(value.text)
  if (!rfc3339.test(value.text) || Number.isNaN(time.getTime())) {
    throw invalid(value.at, `${key} is not a time such as 2026-11-20T15:04:05Z: ${value.text}`)
  }
  return time
}

/** Characters are counted from 1, as people do. */
function invalid(at: number, detail: string): Fault {
  return new Fault('invalid', 'the query cannot be read', {
    problems: [{ field: 'q', detail: `at character ${at + 1}: ${detail}` }],
  })
}

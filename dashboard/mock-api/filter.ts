import { Fault } from '@reeve/base'
import type { Interception, Session } from '@reeve/sdk'

/** The query language of the lists, as far as the mock needs it: `key:value`, quoted values, other words in prompts. */
export interface Wanted {
  readonly terms: readonly (readonly [string, string])[]
  readonly words: readonly string[]
}

const keys = new Set([
  'initiator',
  'client',
  'model',
  'provider',
  'provider_name',
  'session_id',
  'boundary',
  'outcome',
  'status',
  'started_after',
  'started_before',
])

export function readQuery(q: string, me: string): Wanted {
  const terms: [string, string][] = []
  const words: string[] = []
  for (const [, name, quoted, plain] of q.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? plain ?? ''
    if (name === undefined) words.push(value.toLowerCase())
    else if (keys.has(name)) terms.push([name, name === 'initiator' && value === 'me' ? me : value])
    else
      throw new Fault('invalid', 'the query is not understood', {
        problems: [{ field: 'q', detail: `unknown key "${name}"` }],
      })
  }
  return { terms, words }
}

export function matchesSession(one: Session, { terms, words }: Wanted, requests: readonly Interception[]): boolean {
  const prompts = `${one.first_prompt}\n${one.last_prompt}`.toLowerCase()
  return (
    words.every((word) => prompts.includes(word)) &&
    terms.every(([name, value]) => {
      if (name === 'status') return one.status === value
      if (name === 'client') return one.client === value
      if (name === 'model') return one.models.includes(value)
      if (name === 'session_id') return one.id === value
      if (name === 'boundary') return requests.some((request) => isInside(request, value))
      if (name === 'started_after') return one.started_at >= new Date(value).toISOString()
      if (name === 'started_before') return one.started_at < new Date(value).toISOString()
      return name !== 'initiator' || one.initiator.username === value
    })
  )
}

const isInside = ({ boundary }: Interception, id: string): boolean =>
  boundary?.verified === true && boundary.session_id === id

export function matchesInterception(one: Interception, { terms, words }: Wanted): boolean {
  return (
    words.every((word) => (one.prompt ?? '').toLowerCase().includes(word)) &&
    terms.every(([name, value]) => {
      if (name === 'outcome') return one.outcome === value
      if (name === 'client') return one.client === value
      if (name === 'model') return one.model === value
      if (name === 'session_id') return one.session_id === value
      if (name === 'boundary') return isInside(one, value)
      if (name === 'started_after') return one.started_at >= new Date(value).toISOString()
      if (name === 'started_before') return one.started_at < new Date(value).toISOString()
      return name !== 'initiator' || one.initiator.username === value
    })
  )
}

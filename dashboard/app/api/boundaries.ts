import {
  type BoundaryDestination,
  type BoundaryEvent,
  type BoundaryRuleHits,
  eachEndpoint as endpoints,
} from '@reeve/sdk'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { asked, listQuery, type ListSearch } from './lists.ts'

/** What boundaries decided. */

export const networkAsked = (search: ListSearch): { q?: string } => asked(search)

export const boundaryEvents = (search: ListSearch) =>
  listQuery('boundary-events', search, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const { events: rows, count, count_is_exact } = await client.call(endpoints.listBoundaryEvents, { query, signal })
    return { rows, count, exactly: count_is_exact }
  })

/** A host or a rule has no id of its own; what it is called tells it from the others. */
export type Destination = BoundaryDestination & { readonly id: string }
export type RuleHits = BoundaryRuleHits & { readonly id: string }

export const destinations = (search: ListSearch) =>
  listQuery<Destination>('boundary-destinations', search, async (asking, _, signal) => {
    const query = { ...asking, limit: allRows }
    const { destinations: found, count } = await client.call(endpoints.listBoundaryDestinations, { query, signal })
    return { rows: found.map((one) => ({ ...one, id: one.host })), count, exactly: true }
  })

export const ruleHits = (search: ListSearch) =>
  listQuery<RuleHits>('boundary-rules', search, async (asking, _, signal) => {
    const query = { ...asking, limit: allRows }
    const { rules, count } = await client.call(endpoints.listBoundaryRules, { query, signal })
    return { rows: rules.map((one) => ({ ...one, id: `${one.policy}/${one.rule}` })), count, exactly: true }
  })

/** These lists have no pages: the first rows say what matters, and a filter finds the rest. */
const allRows = 500

export const eventCounts = (search: ListSearch) =>
  queryOptions({
    queryKey: ['boundary-counts', search.q, search.from, search.to],
    queryFn: ({ signal }) => client.call(endpoints.countBoundaryEvents, { query: asked(search), signal }),
    placeholderData: keepPreviousData,
  })

/** One event, wherever in the list it stands: by its own id, or by that of the denial. */
export const boundaryEvent = (id: string) =>
  queryOptions({
    queryKey: ['boundary-event', id],
    queryFn: async ({ signal }): Promise<BoundaryEvent | null> => {
      const key = id.startsWith('dny_') ? 'denial' : 'id'
      const query = { q: `${key}:"${id.replaceAll('"', '')}"`, limit: 1 }
      return (await client.call(endpoints.listBoundaryEvents, { query, signal })).events[0] ?? null
    },
    staleTime: Infinity,
  })

export const denial = (id: string) =>
  queryOptions({
    queryKey: ['denial', id],
    queryFn: ({ signal }) => client.call(endpoints.getDenial, { params: { denial: id }, signal }),
  })

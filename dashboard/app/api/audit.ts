import { type AuditEvent, eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import type { BoundKeys } from '../table/query.ts'
import { client } from './client.ts'
import { asked, listQuery, type ListSearch } from './lists.ts'

/** What the page of the audit log asks. */

const bounds: BoundKeys = ['date_from', 'date_to']
/** The server counts no further. */
const countMax = 10_000

/** What the page asks for, in the API's own words: of the list, of the export and of the command line. */
export const auditAsked = (search: ListSearch): { q?: string } => asked(search, bounds)

export const auditEvents = (search: ListSearch) =>
  listQuery(
    'audit',
    search,
    async (asking, after, signal) => {
      const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
      const { audit_logs: rows, count } = await client.call(endpoints.listAuditEvents, { query, signal })
      return { rows, count, exactly: count < countMax }
    },
    bounds,
  )

/** One event, wherever in the log it stands; null where there is none that the viewer may see. */
export const auditEvent = (id: string) =>
  queryOptions({
    queryKey: ['audit-event', id],
    queryFn: async ({ signal }): Promise<AuditEvent | null> => {
      const query = { q: `id:"${id.replaceAll('"', '')}"`, limit: 1 }
      return (await client.call(endpoints.listAuditEvents, { query, signal })).audit_logs[0] ?? null
    },
    staleTime: Infinity,
  })

/** The latest events of a filter, for a look beside the list. */
export const latestAuditEvents = (q: string, limit: number) =>
  queryOptions({
    queryKey: ['audit-latest', q, limit],
    queryFn: ({ signal }) => client.call(endpoints.listAuditEvents, { query: { q, limit }, signal }),
  })

export const auditChain = queryOptions({
  queryKey: ['audit-chain'],
  queryFn: ({ signal }) => client.call(endpoints.getAuditChain, { signal }),
})

export type Chain = Awaited<ReturnType<NonNullable<typeof auditChain.queryFn>>>

import { type AgentWorkspaceBuild, type BuildTrigger, eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { listQuery } from './lists.ts'

/** What the page of licences asks. */

export const licenses = queryOptions({
  queryKey: ['licenses'],
  queryFn: ({ signal }) => client.call(endpoints.listLicenses, { signal }),
})

export const meter = queryOptions({
  queryKey: ['licenses', 'meter'],
  queryFn: ({ signal }) => client.call(endpoints.getBuildMeter, { signal }),
})

/** From the first of a month, as many months ago as make twelve with this one. */
export const lastTwelveMonths = (now: Date) => {
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11, 1)).toISOString().slice(0, 10)
  return queryOptions({
    queryKey: ['licenses', 'daily', from],
    queryFn: ({ signal }) => client.call(endpoints.getDailyAgentWorkspaceBuilds, { query: { from }, signal }),
  })
}

/** Up to which the server counts exactly. */
const countMax = 10_000

export type Counted = 'yes' | 'no' | 'all'

export interface BuildsAsked {
  readonly counted: Counted
  readonly trigger?: BuildTrigger | undefined
}

const givenOf = ({ counted, trigger }: BuildsAsked) => ({ counted, ...(trigger === undefined ? {} : { trigger }) })
export const builds = (asked: BuildsAsked) =>
  listQuery<AgentWorkspaceBuild>(
    `builds ${asked.counted} ${asked.trigger ?? ''}`,
    {},
    async ({ limit }, after, signal) => {
      const query = { ...givenOf(asked), limit, ...(after === null ? {} : { after_id: after }) }
      const { builds: rows, count } = await client.call(endpoints.listAgentWorkspaceBuilds, { query, signal })
      return { rows, count, exactly: count < countMax }
    },
  )

export const buildsFile = (asked: BuildsAsked): string =>
  `/api/v2/agent-workspace-builds/csv?${new URLSearchParams(givenOf(asked))}`

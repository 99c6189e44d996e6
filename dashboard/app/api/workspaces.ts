import { eachEndpoint as endpoints, type ProvisionerJob, type WorkspaceBuild } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { listQuery } from './lists.ts'

/** Workspaces. Every name begins with `workspaces`: a build that is begun makes all of it stale. */

export const hasEnded = ({ completed_at: at }: ProvisionerJob): boolean => at !== null
const lookAgainMs = 1_000
/** What other people begin is seen as well, a little later. */
const glanceMs = 15_000

export const workspaces = (q: string) =>
  listQuery('workspaces', { q }, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const { workspaces: rows, count } = await client.call(endpoints.listWorkspaces, { query, signal })
    return { rows, count, exactly: true }
  })

export const workspace = (id: string) =>
  queryOptions({
    queryKey: ['workspaces', 'one', id],
    queryFn: ({ signal }) => client.call(endpoints.getWorkspace, { params: { workspace: id }, signal }),
    refetchInterval: ({ state: { data, error } }) => {
      if (error !== null) return false
      return data === undefined || hasEnded(data.latest_build.job) ? glanceMs : lookAgainMs
    },
  })

/** The latest build is part of the key: when there is another one, or it has got on, they are read again. */
export const workspaceBuilds = (id: string, { id: latest, job, status }: WorkspaceBuild) =>
  queryOptions({
    queryKey: ['workspaces', 'one', id, 'builds', latest, job.status, status],
    queryFn: ({ signal }) =>
      client.call(endpoints.listWorkspaceBuilds, { params: { workspace: id }, query: { limit: 100 }, signal }),
    placeholderData: (before) => before,
  })

/** As far as it has got; what it says from there on is followed. */
export const buildLog = ({ id, job }: WorkspaceBuild) =>
  queryOptions({
    queryKey: ['workspaces', 'build', id, 'log', hasEnded(job)],
    queryFn: ({ signal }) =>
      client.call(endpoints.listWorkspaceBuildLogs, { params: { build: id }, query: {}, signal }),
    placeholderData: (before) => before,
  })

export const followBuildLog = (build: string, after: number, signal: AbortSignal) =>
  client.events(endpoints.followWorkspaceBuildLogs, { params: { build }, query: { after }, signal })

/** What a build was made with, and what it made. */
export const buildFindings = ({ id, job }: WorkspaceBuild) =>
  queryOptions({
    queryKey: ['workspaces', 'build', id, 'findings', hasEnded(job)],
    queryFn: async ({ signal }) => {
      const params = { build: id }
      const [parameters, resources] = await Promise.all([
        client.call(endpoints.listWorkspaceBuildParameters, { params, signal }),
        client.call(endpoints.listWorkspaceBuildResources, { params, signal }),
      ])
      return { parameters, resources }
    },
  })

/** With whom it is shared. */
export const workspaceAcl = (id: string) =>
  queryOptions({
    queryKey: ['workspaces', 'one', id, 'acl'],
    queryFn: ({ signal }) => client.call(endpoints.getWorkspaceAcl, { params: { workspace: id }, signal }),
  })

/** What the viewer’s own cost a day and may cost, in each of these organizations. */
export const workspaceQuotas = (organizationIds: readonly string[]) =>
  queryOptions({
    queryKey: ['workspaces', 'quotas', organizationIds],
    queryFn: ({ signal }) =>
      Promise.all(
        organizationIds.map(async (organizationId) => {
          const params = { organization: organizationId, user: 'me' }
          return { organizationId, ...(await client.call(endpoints.getMemberWorkspaceQuota, { params, signal })) }
        }),
      ),
  })

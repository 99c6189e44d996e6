import { eachEndpoint as endpoints, type ProvisionerJob } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** Templates. Every name begins with `templates`: a version that becomes active makes all of it stale. */

export const templates = queryOptions({
  queryKey: ['templates'],
  queryFn: ({ signal }) => client.call(endpoints.listTemplates, { signal }),
})

/** They change with the release of the server, and with nothing that anybody does. */
export const starters = queryOptions({
  queryKey: ['starters'],
  queryFn: ({ signal }) => client.call(endpoints.listTemplateExamples, { signal }),
  staleTime: Infinity,
})

export const template = (id: string) =>
  queryOptions({
    queryKey: ['templates', id],
    queryFn: ({ signal }) => client.call(endpoints.getTemplate, { params: { template: id }, signal }),
  })

const hasEnded = ({ completed_at: at }: ProvisionerJob): boolean => at !== null
const lookAgainMs = 1_000

/** As long as one of them is being imported it is looked at again. */
export const templateVersions = (id: string) =>
  queryOptions({
    queryKey: ['templates', id, 'versions'],
    queryFn: ({ signal }) =>
      client.call(endpoints.listTemplateVersions, {
        params: { template: id },
        query: { limit: 100, include_archived: 'true' },
        signal,
      }),
    refetchInterval: ({ state }) => (state.data?.every(({ job }) => hasEnded(job)) === false ? lookAgainMs : false),
  })

export const versionLog = (version: string, job: ProvisionerJob) =>
  queryOptions({
    queryKey: ['templates', 'version', version, 'log', hasEnded(job)],
    queryFn: ({ signal }) => client.call(endpoints.listTemplateVersionLogs, { params: { version }, query: {}, signal }),
    refetchInterval: hasEnded(job) ? false : lookAgainMs,
  })

/** What an import found: parameters, resources and what whoever pushed it set. */
export const versionFindings = (id: string) =>
  queryOptions({
    queryKey: ['templates', 'version', id, 'findings'],
    queryFn: async ({ signal }) => {
      const params = { version: id }
      const [version, parameters, resources, variables, presets] = await Promise.all([
        client.call(endpoints.getTemplateVersion, { params, signal }),
        client.call(endpoints.listTemplateVersionParameters, { params, signal }),
        client.call(endpoints.listTemplateVersionResources, { params, signal }),
        client.call(endpoints.listTemplateVersionVariables, { params, signal }),
        client.call(endpoints.listTemplateVersionPresets, { params, signal }),
      ])
      return { isDynamic: version.dynamic_parameters, parameters, resources, variables, presets }
    },
  })

/** The files of a version never change. */
export const versionFiles = (version: string) =>
  queryOptions({
    queryKey: ['templates', 'version', version, 'files'],
    queryFn: ({ signal }) => client.call(endpoints.listTemplateVersionFiles, { params: { version }, signal }),
    staleTime: Infinity,
  })

/** A dry run as far as it has got; what it would make when it has ended. */
export const dryRun = (version: string, id: string) =>
  queryOptions({
    queryKey: ['templates', 'version', version, 'dry-run', id],
    queryFn: async ({ signal }) => {
      const params = { version, job: id }
      const job = await client.call(endpoints.getTemplateDryRun, { params, signal })
      const isMade = job.status === 'succeeded'
      const resources = isMade ? await client.call(endpoints.listTemplateDryRunResources, { params, signal }) : []
      return { job, resources }
    },
    refetchInterval: ({ state: { data, error } }) =>
      error !== null || (data !== undefined && hasEnded(data.job)) ? false : lookAgainMs,
  })

export const dryRunLog = (version: string, job: string, isOver: boolean) =>
  queryOptions({
    queryKey: ['templates', 'version', version, 'dry-run', job, 'log', isOver],
    queryFn: ({ signal }) =>
      client.call(endpoints.listTemplateDryRunLogs, { params: { version, job }, query: {}, signal }),
    placeholderData: (before) => before,
    refetchInterval: isOver ? false : lookAgainMs,
  })

/** What a version asks where these values are in its form. */
export const dynamicForm = (version: string, inputs: Readonly<Record<string, string>>) =>
  queryOptions({
    queryKey: ['templates', 'version', version, 'form', inputs],
    queryFn: ({ signal }) =>
      client.call(endpoints.evaluateTemplateParameters, { params: { version }, body: { id: 0, inputs }, signal }),
    placeholderData: (before) => before,
    staleTime: 60_000,
  })

export const templateAcl = (id: string) =>
  queryOptions({
    queryKey: ['templates', id, 'acl'],
    queryFn: ({ signal }) => client.call(endpoints.getTemplateAcl, { params: { template: id }, signal }),
  })

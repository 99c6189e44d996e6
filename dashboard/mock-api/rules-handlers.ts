import { Fault, systemClock } from '@reeve/base'
import type { AiRules } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { homeId, platformId } from './organization-handlers.ts'

/** Rules of the first organization and of one of its groups, which somebody wrote who means no good. */

const [script = '', , , , markdown = ''] = hostileTexts

const none = (organization_id: string, group_id: string | null): AiRules => ({
  organization_id,
  organization_name: 'default',
  group_id,
  group_name: group_id,
  models: null,
  tools_allowed: null,
  tools_denied: [],
  contact: '',
  version: 0,
  updated_at: null,
})

const all: AiRules[] = [
  {
    ...none(homeId, null),
    models: ['claude-*', 'gemini/gemini-2.5-*'],
    tools_denied: ['WebFetch'],
    contact: 'the platform team (#ai-help)',
    version: 3,
    updated_at: '2026-11-10T09:00:00.000Z',
  },
  {
    ...none(homeId, platformId),
    models: [script, 'claude-haiku-*'],
    tools_allowed: [],
    tools_denied: ['Bash', script],
    contact: markdown,
    version: 1,
    updated_at: '2026-11-11T09:00:00.000Z',
  },
]

const used = [
  ['anthropic', 'claude-opus-5', 812, 14],
  ['openai', 'gpt-5', 96, 3],
  ['openai', script, 2, 1],
] as const

const at = (params: { organization: string }, query: { group?: string | undefined }) => {
  const group = query.group ?? null
  const place = params.organization === 'default' ? homeId : params.organization
  const index = all.findIndex((one) => one.organization_id === place && one.group_id === group)
  return { index, found: all[index] ?? none(place, group) }
}

export const rulesHandlers: Handlers = {
  listAiRules: () => all,
  getAiRules: ({ params, query }) => at(params, query).found,
  putAiRules: ({ params, query, body: { version, ...content } }) => {
    const { index, found } = at(params, query)
    if (version !== undefined && version !== found.version)
      throw new Fault('conflict', 'somebody has changed these rules since they were read')
    const stored = { ...found, ...content, version: found.version + 1, updated_at: systemClock.now().toISOString() }
    if (index === -1) all.push(stored)
    else all[index] = stored
    return stored
  },
  deleteAiRules: ({ params, query }) => void all.splice(at(params, query).index, 1),
  checkAiRules: ({ body: { model, tool } }) => {
    const rule = `tools of group ${script}`
    const message = `The tool ${script} is not allowed to members of the group platform; ask ${markdown}.`
    return {
      organization_name: 'default',
      groups: [script],
      allowed: tool === undefined,
      decisions: [
        { subject: 'model', name: model, allowed: true, rule: null, message: null },
        ...(tool === undefined ? [] : [{ subject: 'tool_call' as const, name: tool, allowed: false, rule, message }]),
      ],
    }
  },
  previewAiRules: ({ body: { models } }) => ({
    since: '2026-10-22T00:00:00.000Z',
    models: used.map(([provider_name, model, requests, people]) => {
      const isNamed = models?.some((pattern) => model.startsWith(pattern.replace(/\*.*$/, ''))) ?? true
      return { provider_name, model, requests, people, denied: !isNamed }
    }),
  }),
}

import { z } from 'zod'
import { Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef } from './organizations.ts'

/**
 * Which models may be asked through the bridge, and which tools they may have called: for everybody in an organization,
 * and narrower for the members of a group.
 */

export const rulePatternsMax = 200

const Patterns = z.array(z.string())

export const AiRules = z.object({
  organization_id: Id,
  organization_name: z.string(),
  group_id: Id.nullable().describe('Null: for everybody in the organization.'),
  group_name: z.string().nullable(),
  models: Patterns.nullable().describe('Models that may be asked; null: these rules say nothing about models.'),
  tools_allowed: Patterns.nullable().describe('Tools that may be called; null: all that are not denied.'),
  tools_denied: Patterns.describe('Tools that may not be called, whatever else allows them.'),
  contact: z.string().describe('Whom those ask to whom something is denied.'),
  version: z.number().int().describe('Counts the changes; 0: there are no rules.'),
  updated_at: Instant.nullable(),
})
export type AiRules = z.infer<typeof AiRules>

const pattern = z
  .string()
  .max(200)
  .regex(/^[^\p{C}\p{Z}]+$/u, 'is empty or has spaces; write * for them')
const patterns = z.array(pattern).max(rulePatternsMax)
const models = patterns
  .nullable()
  .describe('Names with * for any characters; one with a slash is compared with provider/model.')

export const AiRulesContent = z.strictObject({
  models,
  tools_allowed: patterns.nullable(),
  tools_denied: patterns,
  contact: z
    .string()
    .max(200)
    .regex(/^[^\p{C}]*$/u, 'must be one line')
    .describe('Ends the sentence “or ask …”; empty: an administrator of the organization.'),
})
export type AiRulesContent = z.infer<typeof AiRulesContent>

export const RuleDecision = z.object({
  subject: z.enum(['model', 'tool_call']),
  name: z.string(),
  allowed: z.boolean(),
  rule: z.string().nullable().describe('Which rule denies it.'),
  message: z.string().nullable().describe('What whoever asks is told.'),
})
export type RuleDecision = z.infer<typeof RuleDecision>

export const RulesCheck = z.object({
  organization_name: z.string(),
  groups: z.array(z.string()).describe('The groups of the person that have rules.'),
  allowed: z.boolean(),
  decisions: z.array(RuleDecision),
})
export type RulesCheck = z.infer<typeof RulesCheck>

export const UsedModel = z.object({
  provider_name: z.string(),
  model: z.string(),
  requests: z.number().int(),
  people: z.number().int(),
  denied: z.boolean().describe('Whether these patterns would deny it.'),
})
export type UsedModel = z.infer<typeof UsedModel>

const params = z.object({ organization: OrganizationRef })
const group = z.string().min(1).max(64).describe('Of this group instead, by name or id.')
const query = z.object({ group: group.optional() })
const path = '/api/v2/organizations/:organization/ai-rules'
const tag = 'AI rules'

export const listAiRules = endpoint({
  name: 'listAiRules',
  method: 'GET',
  path: '/api/v2/ai/rules',
  summary: 'All rules that the caller can see, of organizations and groups',
  tag,
  permission: 'ai_rules:read',
  result: z.array(AiRules),
})

export const getAiRules = endpoint({
  name: 'getAiRules',
  method: 'GET',
  path,
  summary: 'The rules of an organization or a group; version 0 where there are none',
  tag,
  permission: 'ai_rules:read',
  params,
  query,
  result: AiRules,
  faults: ['not_found'],
})

export const putAiRules = endpoint({
  name: 'putAiRules',
  method: 'PUT',
  path,
  summary: 'Set the rules of an organization or a group; they count everywhere within seconds',
  tag,
  permission: 'ai_rules:update',
  params,
  query,
  body: AiRulesContent.extend({
    version: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('Of the rules that were read: a conflict where somebody has changed them since.'),
  }),
  result: AiRules,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const deleteAiRules = endpoint({
  name: 'deleteAiRules',
  method: 'DELETE',
  path,
  summary: 'Take the rules of an organization or a group away',
  tag,
  permission: 'ai_rules:update',
  params,
  query,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const previewAiRules = endpoint({
  name: 'previewAiRules',
  method: 'POST',
  path: `${path}/preview`,
  summary: 'Which models that were asked in the last 30 days a list of patterns would deny',
  tag,
  permission: 'ai_rules:update',
  params,
  body: z.strictObject({ group: group.optional(), models }),
  result: z.object({
    since: Instant,
    models: z.array(UsedModel).describe('The most asked first, 200 at most, of the usage that the caller may see.'),
  }),
  faults: ['invalid', 'not_found'],
})

export const checkAiRules = endpoint({
  name: 'checkAiRules',
  method: 'POST',
  path: '/api/v2/ai/rules/check',
  summary: 'Whether somebody may ask a model and have a tool called, and which rule denies it',
  tag,
  permission: 'ai_rules:read',
  body: z.strictObject({
    user: UserRef.optional().describe('Without it: the caller.'),
    organization: OrganizationRef.optional().describe('Without it: the one that their requests are in.'),
    provider: z.string().min(1).max(64),
    model: z.string().min(1).max(1000),
    tool: z.string().min(1).max(1000).optional(),
  }),
  result: RulesCheck,
  faults: ['invalid', 'not_found'],
})

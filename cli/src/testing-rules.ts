import type { AiRules, RulesCheck, UsedModel } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** What a server answers about rules; the patterns and the contact are of somebody who means no good. */
export function rulesAnswers(
  empty: boolean,
  { hostile, id, at }: { readonly hostile: string; readonly id: string; readonly at: string },
): Partial<Record<Name, Handler>> {
  const rules: AiRules = {
    organization_id: id,
    organization_name: 'default',
    group_id: id,
    group_name: hostile,
    models: [hostile],
    tools_allowed: null,
    tools_denied: [hostile],
    contact: hostile,
    version: 3,
    updated_at: at,
  }
  const used: UsedModel = { provider_name: 'openai', model: hostile, requests: 12, people: 2, denied: true }
  const check: RulesCheck = {
    organization_name: 'default',
    groups: [hostile],
    allowed: true,
    decisions: empty ? [] : [{ subject: 'model', name: hostile, allowed: true, rule: hostile, message: hostile }],
  }
  return {
    listAiRules: () => (empty ? [] : [rules]),
    // What is sent back with a change is what a server takes.
    getAiRules: () => ({ ...rules, tools_denied: ['Bash'], contact: 'dana' }),
    putAiRules: () => rules,
    deleteAiRules: () => undefined,
    previewAiRules: () => ({ since: at, models: empty ? [] : [used] }),
    checkAiRules: () => check,
  }
}

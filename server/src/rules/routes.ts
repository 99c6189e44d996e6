import { type Log, toError } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { visibility } from '../access/policy.ts'
import { implement, type Route, signedIn } from '../http/implement.ts'
import { presentNone, presentRules } from './present.ts'
import { findRules, selectVisibleRules } from './queries.ts'
import { checkRules, previewModels, putRules, removeRules, resolveHolder, type RulesWork } from './rules.ts'
import type { Rules } from './source.ts'

export function ruleRoutes(options: RulesWork & { readonly rules: Pick<Rules, 'reload'>; readonly log: Log }): Route[] {
  const { rules, db, log } = options

  /** What is committed holds here before it is answered; where it cannot be read, the next reading does it. */
  const apply = async (): Promise<void> => {
    await rules.reload().catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'a change does not hold yet'))
  }

  return [
    implement(endpoints.listAiRules, async (_, scope) => {
      const rows = await selectVisibleRules(db.sql, visibility(signedIn(scope), 'ai_rules:read'))
      return rows.map(presentRules)
    }),
    implement(endpoints.getAiRules, async ({ params, query }, scope) => {
      const holder = await resolveHolder(db.sql, signedIn(scope), { ...params, ...query }, 'ai_rules:read')
      const found = await findRules(db.sql, holder)
      return found === undefined ? presentNone(holder) : presentRules(found)
    }),
    implement(endpoints.putAiRules, async ({ params, query, body }, scope) => {
      const holder = await resolveHolder(db.sql, signedIn(scope), { ...params, ...query }, 'ai_rules:update')
      const stored = await putRules(options, scope, holder, body)
      await apply()
      return presentRules(stored)
    }),
    implement(endpoints.deleteAiRules, async ({ params, query }, scope) => {
      const holder = await resolveHolder(db.sql, signedIn(scope), { ...params, ...query }, 'ai_rules:update')
      await removeRules(options, scope, holder)
      await apply()
    }),
    implement(endpoints.previewAiRules, async ({ params, body: { group, models } }, scope) => {
      const actor = signedIn(scope)
      const holder = await resolveHolder(db.sql, actor, { ...params, group }, 'ai_rules:update')
      return previewModels(options, actor, holder, models)
    }),
    implement(endpoints.checkAiRules, ({ body }, scope) => checkRules(options, scope, body)),
  ]
}

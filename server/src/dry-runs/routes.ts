import { endpoints } from '@reeve/sdk'
import { implement, implementEvents, type Route, signedIn } from '../http/implement.ts'
import type { Room } from '../templates/room.ts'
import { cancelDryRun, dryRunLog, followDryRunLog, readDryRun, resourcesOfDryRun, startDryRun } from './dry-runs.ts'
import { evaluateForm } from './evaluate.ts'

export const dryRunRoutes = (room: Room): Route[] => [
  implement(endpoints.createTemplateDryRun, ({ params, body }, scope) =>
    startDryRun(room, scope, params.version, body),
  ),
  implement(endpoints.getTemplateDryRun, ({ params }, scope) => readDryRun(room, signedIn(scope), params)),
  implement(endpoints.listTemplateDryRunResources, ({ params }, scope) =>
    resourcesOfDryRun(room, signedIn(scope), params),
  ),
  implement(endpoints.getTemplateDryRunProvisioners, async ({ params }, scope) => {
    await readDryRun(room, signedIn(scope), params)
    return { count: 1, available: 1, most_recently_seen: null }
  }),
  implement(endpoints.listTemplateDryRunLogs, ({ params, query }, scope) =>
    dryRunLog(room, signedIn(scope), params, query),
  ),
  implementEvents(endpoints.followTemplateDryRunLogs, ({ params, query }, scope) =>
    followDryRunLog(room, scope, params, query.after ?? 0),
  ),
  implement(endpoints.cancelTemplateDryRun, ({ params }, scope) => cancelDryRun(room, scope, params)),
  implement(endpoints.evaluateTemplateParameters, ({ params, body }, scope) =>
    evaluateForm(room, signedIn(scope), params.version, body, scope.signal),
  ),
]

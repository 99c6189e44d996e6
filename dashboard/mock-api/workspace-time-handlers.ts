import { Fault, systemClock } from '@reeve/base'
import type { Workspace, WorkspaceBuild } from '@reeve/sdk'
import type { Asked, Handlers } from './handlers.ts'

/** What holds for a workspace between its builds. */
export const timeHandlers = <K extends { workspace: Workspace }>(
  find: (asked: Asked, id: string) => K,
  put: (found: K, build: WorkspaceBuild) => WorkspaceBuild,
) =>
  ({
    setWorkspaceAutostart: ({ params, body }, asked) => {
      const found = find(asked, params.workspace)
      const schedule = body.schedule ?? ''
      if (schedule !== '' && !/^(?:CRON_TZ=\S+ )?\d+ \d+ \* \* \S+$/.test(schedule)) {
        const problems = [{ field: 'schedule', detail: 'is not CRON_TZ=zone minute hour * * days' }]
        throw new Fault('invalid', 'the workspace cannot be changed so', { problems })
      }
      const next = schedule === '' ? null : new Date(systemClock.now().getTime() + 36_000_000).toISOString()
      found.workspace = { ...found.workspace, autostart_schedule: schedule || null, next_start_at: next }
    },
    setWorkspaceTtl: ({ params, body }, asked) => {
      const found = find(asked, params.workspace)
      found.workspace = { ...found.workspace, ttl_ms: body.ttl_ms ?? null }
    },
    extendWorkspace: ({ params, body }, asked) => {
      const found = find(asked, params.workspace)
      put(found, { ...found.workspace.latest_build, deadline: body.deadline })
      return found.workspace
    },
    setWorkspaceDormant: ({ params, body }, asked) => {
      const found = find(asked, params.workspace)
      found.workspace = {
        ...found.workspace,
        dormant_at: body.dormant ? systemClock.now().toISOString() : null,
        deleting_at: null,
      }
      return found.workspace
    },
    favorWorkspace: ({ params }, asked) => {
      const found = find(asked, params.workspace)
      found.workspace = { ...found.workspace, favorite: true }
    },
    unfavorWorkspace: ({ params }, asked) => {
      const found = find(asked, params.workspace)
      found.workspace = { ...found.workspace, favorite: false }
    },
  }) satisfies Handlers

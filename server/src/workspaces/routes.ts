import { endpoints } from '@reeve/sdk'
import { implement, implementBytes, implementEvents, type Route, signedIn } from '../http/implement.ts'
import {
  buildById,
  buildLog,
  cancelBuild,
  createBuild,
  followBuildLog,
  listBuilds,
  parametersOf,
  resourcesOf,
  stateOf,
  timingsOf,
} from './builds.ts'
import { putState } from './given-state.ts'
import { listPortShares, sharePort, unsharePort } from './port-shares.ts'
import { quotaOf } from './quota.ts'
import {
  extend,
  noteUsage,
  rename,
  resolveAutostart,
  setAutomaticUpdates,
  setAutostart,
  setDormant,
  setFavored,
  setTtl,
} from './settings.ts'
import { changeWorkspaceAcl, clearWorkspaceAcl, readWorkspaceAcl } from './sharing.ts'
import { watch } from './watch.ts'
import type { WorkspaceRoom } from './workspace-room.ts'
import { createWorkspace, listWorkspaces, workspaceById, workspaceByName } from './workspaces.ts'

export const workspaceRoutes = (room: WorkspaceRoom): Route[] => [
  implement(endpoints.createWorkspace, ({ params, body }, scope) => createWorkspace(room, scope, params.user, body)),
  implement(endpoints.listWorkspaces, ({ query }, scope) => listWorkspaces(room, signedIn(scope), query)),
  implement(endpoints.getWorkspace, ({ params }, scope) => workspaceById(room, signedIn(scope), params.workspace)),
  implement(endpoints.getWorkspaceByName, ({ params }, scope) =>
    workspaceByName(room, signedIn(scope), params.user, params.name),
  ),
  implement(endpoints.createWorkspaceBuild, ({ params, body }, scope) =>
    createBuild(room, scope, params.workspace, body),
  ),
  implement(endpoints.listWorkspaceBuilds, ({ params, query }, scope) =>
    listBuilds(room, signedIn(scope), params.workspace, query),
  ),
  implement(endpoints.getWorkspaceBuild, ({ params }, scope) => buildById(room, signedIn(scope), params.build)),
  implement(endpoints.cancelWorkspaceBuild, ({ params }, scope) => cancelBuild(room, scope, params.build)),
  ...routesOfSettings(room),
  ...routesOfFindings(room),
]

const routesOfSettings = (room: WorkspaceRoom): Route[] => [
  implement(endpoints.renameWorkspace, ({ params, body }, scope) => rename(room, scope, params.workspace, body.name)),
  implement(endpoints.setWorkspaceAutostart, ({ params, body }, scope) =>
    setAutostart(room, scope, params.workspace, body.schedule),
  ),
  implement(endpoints.setWorkspaceTtl, ({ params, body }, scope) => setTtl(room, scope, params.workspace, body.ttl_ms)),
  implement(endpoints.setWorkspaceAutomaticUpdates, ({ params, body }, scope) =>
    setAutomaticUpdates(room, scope, params.workspace, body.automatic_updates),
  ),
  implement(endpoints.extendWorkspace, async ({ params, body }, scope) => {
    await extend(room, scope, params.workspace, body.deadline)
    return workspaceById(room, signedIn(scope), params.workspace)
  }),
  implement(endpoints.setWorkspaceDormant, async ({ params, body }, scope) => {
    await setDormant(room, scope, params.workspace, body.dormant)
    return workspaceById(room, signedIn(scope), params.workspace)
  }),
  implement(endpoints.favorWorkspace, ({ params }, scope) => setFavored(room, scope, params.workspace, true)),
  implement(endpoints.unfavorWorkspace, ({ params }, scope) => setFavored(room, scope, params.workspace, false)),
  implement(endpoints.noteWorkspaceUsage, ({ params }, scope) => noteUsage(room, scope, params.workspace)),
  implement(endpoints.resolveWorkspaceAutostart, ({ params }, scope) =>
    resolveAutostart(room, signedIn(scope), params.workspace),
  ),
  implement(endpoints.getWorkspaceQuota, ({ params }, scope) => quotaOf(room, signedIn(scope), params.user, 'default')),
  implement(endpoints.getMemberWorkspaceQuota, ({ params }, scope) =>
    quotaOf(room, signedIn(scope), params.user, params.organization),
  ),
  implement(endpoints.getWorkspaceAcl, ({ params }, scope) =>
    readWorkspaceAcl(room, signedIn(scope), params.workspace),
  ),
  implement(endpoints.updateWorkspaceAcl, ({ params, body }, scope) =>
    changeWorkspaceAcl(room, scope, params.workspace, body),
  ),
  implement(endpoints.listWorkspacePortShares, ({ params }, scope) =>
    listPortShares(room, signedIn(scope), params.workspace),
  ),
  implement(endpoints.shareWorkspacePort, ({ params, body }, scope) => sharePort(room, scope, params.workspace, body)),
  implement(endpoints.unshareWorkspacePort, ({ params, body }, scope) =>
    unsharePort(room, scope, params.workspace, body),
  ),
  implement(endpoints.deleteWorkspaceAcl, ({ params }, scope) => clearWorkspaceAcl(room, scope, params.workspace)),
  implement(endpoints.putWorkspaceBuildState, ({ params, body }, scope) =>
    putState(room, scope, params.build, body.state),
  ),
  implement(endpoints.listWorkspaceTimings, async ({ params }, scope) => {
    const { latest_build: latest } = await workspaceById(room, signedIn(scope), params.workspace)
    return timingsOf(room, signedIn(scope), latest.id)
  }),
  implementEvents(endpoints.watchWorkspace, ({ params }, scope) => watch(room, scope, params.workspace)),
]

/** What a build was made with, made and said. */
const routesOfFindings = (room: WorkspaceRoom): Route[] => [
  implement(endpoints.listWorkspaceBuildParameters, ({ params }, scope) =>
    parametersOf(room, signedIn(scope), params.build),
  ),
  implement(endpoints.listWorkspaceBuildResources, ({ params }, scope) =>
    resourcesOf(room, signedIn(scope), params.build),
  ),
  implement(endpoints.listWorkspaceBuildTimings, ({ params }, scope) => timingsOf(room, signedIn(scope), params.build)),
  implementBytes(endpoints.getWorkspaceBuildState, ({ params }, scope) => stateOf(room, scope, params.build)),
  implement(endpoints.listWorkspaceBuildLogs, ({ params, query }, scope) =>
    buildLog(room, signedIn(scope), params.build, query),
  ),
  implementEvents(endpoints.followWorkspaceBuildLogs, ({ params, query }, scope) =>
    followBuildLog(room, scope, params.build, query.after ?? 0),
  ),
]

import { Fault } from '@reeve/base'
import type { Workspace, WorkspaceAcl, WorkspacePortShare } from '@reeve/sdk'
import { changedAcl } from './access-lists.ts'
import type { Asked, Handlers } from './handlers.ts'
import { placesOf } from './organization-handlers.ts'

const lists = new WeakMap<object, WorkspaceAcl>()
const ports = new WeakMap<object, WorkspacePortShare[]>()
const nobody: WorkspaceAcl = { users: [], group: [] }

/** What a workspace is called, with whom it is shared, and what those of a person cost. */
export const sharingHandlers = <K extends { workspace: Workspace }>(find: (asked: Asked, id: string) => K) =>
  ({
    renameWorkspace: ({ params, body }, asked) => {
      const found = find(asked, params.workspace)
      if (body.name === 'old-desk')
        throw new Fault('conflict', 'this person has a workspace of this name already', { fix: 'give it another name' })
      found.workspace = { ...found.workspace, name: body.name }
    },
    getGroupByName: ({ params }, { world }) => {
      const found = placesOf(world).groups.find(({ name }) => name === params.group)
      if (found === undefined) throw new Fault('not_found', 'there is no such group')
      return found
    },
    getWorkspaceAcl: ({ params }, asked) => lists.get(find(asked, params.workspace)) ?? nobody,
    updateWorkspaceAcl: ({ params, body: { user_roles: users = {}, group_roles: groups = {} } }, asked) => {
      const found = find(asked, params.workspace)
      const before = lists.get(found) ?? nobody
      const kept = changedAcl(asked.world, before, { users, groups })
      lists.set(found, kept)
      return kept
    },
    listWorkspacePortShares: ({ params }, asked) => ({
      shares: ports.get(find(asked, params.workspace)) ?? [],
      max_share_level: 'organization',
    }),
    shareWorkspacePort: ({ params, body: { agent_name, port, share_level } }, asked) => {
      const found = find(asked, params.workspace)
      const share = { workspace_id: params.workspace, agent_name, port, share_level, protocol: 'http' as const }
      ports.set(found, [...(ports.get(found) ?? []).filter((one) => one.port !== port), share])
      return share
    },
    unshareWorkspacePort: ({ params, body: { port } }, asked) => {
      const found = find(asked, params.workspace)
      ports.set(
        found,
        (ports.get(found) ?? []).filter((one) => one.port !== port),
      )
    },
    getMemberWorkspaceQuota: (_, { user }) => ({
      credits_consumed: user.username === 'dana' ? 12 : 0,
      budget: user.username === 'dana' ? 20 : -1,
    }),
  }) satisfies Handlers

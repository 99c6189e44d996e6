import type { Uuid } from '@reeve/base'
import type { AuditDiff, AuditEntry } from '../audit/journal.ts'

/** The audit entries of this room, as data. */
export type WorkspaceAudit = Omit<AuditEntry, 'scope' | 'at'>

interface OfWorkspace {
  readonly id: Uuid
  readonly name: string
  readonly organization_id: Uuid
}

export const workspaceCreated = (
  row: OfWorkspace & { readonly owner_id: Uuid; readonly template_id: Uuid },
): WorkspaceAudit => ({
  action: 'create',
  resourceType: 'workspace',
  resourceId: row.id,
  resourceTarget: row.name,
  organizationId: row.organization_id,
  diff: {
    name: { old: null, new: row.name },
    owner_id: { old: null, new: row.owner_id },
    template_id: { old: null, new: row.template_id },
  },
})

/** What holds for a workspace between its builds. */
export const workspaceChanged = (row: OfWorkspace, diff: AuditDiff): WorkspaceAudit => ({
  action: 'write',
  resourceType: 'workspace',
  resourceId: row.id,
  resourceTarget: row.name,
  organizationId: row.organization_id,
  diff,
})

interface OfBuild {
  readonly id: Uuid
  readonly number: number
  readonly transition: string
  readonly template_version_id: Uuid
  readonly reason: string
  readonly orphan: boolean
}

const aboutBuild = (row: Pick<OfBuild, 'id' | 'number'>, workspace: OfWorkspace) => ({
  resourceType: 'workspace_build',
  resourceId: row.id,
  resourceTarget: `${workspace.name}/${row.number}`,
  organizationId: workspace.organization_id,
})

/** The verb is what is done to the workspace: start, stop, delete. Values of parameters are said by the build alone. */
export const buildBegun = (row: OfBuild, workspace: OfWorkspace): WorkspaceAudit => ({
  action: row.transition,
  ...aboutBuild(row, workspace),
  diff: {
    template_version_id: { old: null, new: row.template_version_id },
    reason: { old: null, new: row.reason },
    ...(row.orphan ? { orphan: { old: null, new: true } } : {}),
  },
})

export const buildCanceled = (row: Pick<OfBuild, 'id' | 'number'>, workspace: OfWorkspace): WorkspaceAudit => ({
  action: 'cancel',
  ...aboutBuild(row, workspace),
})

/** States hold secrets: whoever takes one leaves his name. */
export const stateRead = (row: Pick<OfBuild, 'id' | 'number'>, workspace: OfWorkspace): WorkspaceAudit => ({
  action: 'read_state',
  ...aboutBuild(row, workspace),
})

/** And whoever puts another one in its place. */
export const stateWritten = (row: Pick<OfBuild, 'id' | 'number'>, workspace: OfWorkspace): WorkspaceAudit => ({
  action: 'write_state',
  ...aboutBuild(row, workspace),
})

/** Or the server that starts: what a build had left whose server was killed. */
export const stateRescued = (
  row: Pick<OfBuild, 'id' | 'number'>,
  workspace: OfWorkspace,
  serial: AuditDiff[string],
): WorkspaceAudit => ({ ...stateWritten(row, workspace), diff: { serial } })

export const workspaceDeleted = (row: OfWorkspace, orphan: boolean): WorkspaceAudit => ({
  action: 'delete',
  resourceType: 'workspace',
  resourceId: row.id,
  resourceTarget: row.name,
  organizationId: row.organization_id,
  diff: { name: { old: row.name, new: null }, ...(orphan ? { orphan: { old: null, new: true } } : {}) },
})

import type { MinimalUser, ProvisionerJob, Template, TemplateVersion } from '@reeve/sdk'
import { shareLevelOf } from '../access/share-level.ts'
import type { TemplateRow } from './queries.ts'
import type { VersionRow } from './version-queries.ts'

interface Creator {
  readonly creator_id: string | null
  readonly username: string | null
  readonly creator_name: string | null
  readonly avatar_url: string | null
}

const creatorOf = ({
  creator_id: id,
  username,
  creator_name: name,
  avatar_url: avatar,
}: Creator): MinimalUser | null =>
  id === null ? null : { id, username: username ?? '', name: name ?? '', avatar_url: avatar ?? '' }

export const presentTemplate = (row: TemplateRow): Template => ({
  id: row.id,
  organization_id: row.organization_id,
  organization_name: row.organization_name,
  organization_display_name: row.organization_display_name,
  name: row.name,
  display_name: row.display_name,
  description: row.description,
  icon: row.icon,
  provisioner: 'terraform',
  active_version_id: row.active_version_id,
  active_version_name: row.active_version_name,
  default_ttl_ms: Number(row.default_ttl_ms),
  activity_bump_ms: Number(row.activity_bump_ms),
  failure_ttl_ms: Number(row.failure_ttl_ms),
  dormant_ttl_ms: row.dormant_ttl_ms,
  delete_ttl_ms: row.delete_ttl_ms,
  // SAFETY: both columns are written by this room alone, from these types.
  autostart_requirement: row.autostart_requirement as unknown as Template['autostart_requirement'],
  autostop_requirement: row.autostop_requirement as unknown as Template['autostop_requirement'],
  allow_user_cancel_workspace_jobs: row.allow_user_cancel_workspace_jobs,
  allow_user_autostart: row.allow_user_autostart,
  allow_user_autostop: row.allow_user_autostop,
  require_active_version: row.require_active_version,
  max_port_share_level: shareLevelOf(row.max_port_share_level),
  deprecated: row.deprecation_message !== '',
  deprecation_message: row.deprecation_message,
  everyone: row.everyone,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  created_by: creatorOf(row),
})

export const presentVersion = (row: VersionRow, job: ProvisionerJob): TemplateVersion => ({
  id: row.id,
  template_id: row.template_id,
  organization_id: row.organization_id,
  name: row.name,
  message: row.message,
  job,
  readme: row.readme,
  sha256: row.sha256.toString('hex'),
  archived: row.archived_at !== null,
  active: row.active,
  dynamic_parameters: Object(row.found).dynamic === true,
  has_ai_task: row.has_ai_task,
  has_external_agent: row.has_external_agent,
  terraform_version: row.engine,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  created_by: creatorOf(row),
})

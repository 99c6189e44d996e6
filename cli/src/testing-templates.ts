import { pack } from 'tar-stream'
import type { MinimalUser, ProvisionerJob, ProvisionerJobLog, Template, TemplateVersion } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'
import { workspaceAnswers } from './testing-workspaces.ts'

/** As a push sends it. */
export async function archiveOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const archive = pack()
  const collected = Array.fromAsync(archive)
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content))
  archive.finalize()
  return Buffer.concat(await collected)
}

/** What a server answers about templates; what people and templates say in them means no good. */
export function templateAnswers(
  empty: boolean,
  { hostile, id, at }: { readonly hostile: string; readonly id: string; readonly at: string },
): Partial<Record<Name, Handler>> {
  const who: MinimalUser = { id, username: hostile, name: hostile, avatar_url: '' }
  const template: Template = {
    id,
    organization_id: id,
    organization_name: 'default',
    organization_display_name: hostile,
    name: 'agent-small',
    display_name: hostile,
    description: hostile,
    icon: '',
    provisioner: 'terraform',
    active_version_id: id,
    active_version_name: 'v1',
    default_ttl_ms: 0,
    activity_bump_ms: 0,
    dormant_ttl_ms: 0,
    delete_ttl_ms: 0,
    autostart_requirement: { days_of_week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] },
    autostop_requirement: { days_of_week: [], weeks: 1 },
    failure_ttl_ms: 0,
    allow_user_cancel_workspace_jobs: true,
    allow_user_autostart: true,
    allow_user_autostop: true,
    require_active_version: false,
    max_port_share_level: 'organization',
    deprecated: true,
    deprecation_message: hostile,
    everyone: false,
    created_at: at,
    updated_at: at,
    created_by: who,
  }
  const job: ProvisionerJob = {
    id,
    type: 'template_version_import',
    status: 'succeeded',
    organization_id: id,
    initiator_id: id,
    file_id: id,
    created_at: at,
    started_at: at,
    canceled_at: null,
    completed_at: at,
    error: null,
    error_code: null,
    worker_id: id,
    worker_name: hostile,
    queue_position: 0,
    queue_size: 0,
    logs_overflowed: false,
  }
  const dryRun: ProvisionerJob = { ...job, type: 'template_version_dry_run' }
  const resource = {
    workspace_transition: 'start',
    address: hostile,
    type: hostile,
    name: hostile,
    hide: false,
    icon: '',
    daily_cost: 2,
    metadata: [],
    agents: [{ name: hostile, operating_system: 'linux', architecture: 'amd64', apps: [] }],
  }
  const version: TemplateVersion = {
    id,
    template_id: id,
    organization_id: id,
    name: 'v2',
    message: hostile,
    job,
    readme: hostile,
    sha256: '00'.repeat(32),
    archived: false,
    active: true,
    dynamic_parameters: false,
    has_ai_task: true,
    has_external_agent: false,
    terraform_version: 'terraform 1.11.4',
    created_at: at,
    updated_at: at,
    created_by: who,
  }
  const line: ProvisionerJobLog = {
    id: 1,
    created_at: at,
    log_source: 'provisioner',
    log_level: 'info',
    stage: hostile,
    output: hostile,
  }
  const example = { id: 'local', name: hostile, description: hostile, icon: '', tags: [hostile], markdown: hostile }
  const acl = { everyone: true, users: [{ ...who, role: 'use' }], group: [] }
  const preset = { id, name: 'Large', description: hostile, icon: '', default: false, parameters: [] }
  return {
    downloadFile: () => archiveOf({ 'main.tf': hostile }),
    uploadFile: () => ({ hash: id }),
    listTemplateExamples: () => (empty ? [] : [example]),
    getTemplateExample: () => ({ ...example, files: [{ path: 'main.tf', content: hostile }] }),
    listTemplates: () => (empty ? [] : [template]),
    listOrganizationTemplates: () => (empty ? [] : [template]),
    getTemplateByName: () => template,
    getTemplate: () => template,
    updateTemplate: () => template,
    createTemplateVersion: () => version,
    getTemplateVersion: () => version,
    getTemplateVersionByName: () => version,
    listTemplateVersions: () => (empty ? [] : [version]),
    listTemplateVersionParameters: () => [],
    listTemplateVersionResources: () => (empty ? [] : [resource]),
    listTemplateVersionPresets: () => [{ ...preset, desired_prebuild_instances: 0 }],
    followTemplateVersionLogs: () => [line],
    createTemplateDryRun: () => dryRun,
    getTemplateDryRun: () => dryRun,
    followTemplateDryRunLogs: () => [line],
    listTemplateDryRunResources: () => (empty ? [] : [resource]),
    promoteTemplateVersion: () => template,
    createTemplate: () => template,
    deleteTemplate: () => undefined,
    archiveTemplateVersion: () => version,
    archiveTemplateVersions: () => ({ template_id: id, archived_ids: empty ? [] : [id] }),
    getTemplateAcl: () => acl,
    updateTemplateAcl: () => acl,
    ...workspaceAnswers(empty, { hostile, id, at, job, line }),
  }
}

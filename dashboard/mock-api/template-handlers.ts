import { createHash } from 'node:crypto'
import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type {
  DynamicParameters,
  FormParameter,
  ProvisionerJob,
  ProvisionerJobLog,
  Template,
  TemplateAcl,
  TemplateVersion,
  TemplateVersionFile,
  TemplateVersionParameter,
  User,
} from '@reeve/sdk'
import { changedAcl } from './access-lists.ts'
import type { Asked, Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { homeId } from './organization-handlers.ts'
import { minimal, type World } from './seed.ts'

/** Two templates: one as most are, and one by somebody who means no good, of which a version failed. */

interface Kept {
  readonly template: Template
  readonly versions: readonly TemplateVersion[]
  acl: TemplateAcl
}

const kept = new WeakMap<World, Kept[]>()

export function templatesOf({ world }: Pick<Asked, 'world'>): Kept[] {
  const found = kept.get(world) ?? seed(world.users)
  kept.set(world, found)
  return found
}

const dayMs = 86_400_000
const ago = (days: number): Date => new Date(systemClock.now().getTime() - days * dayMs)

function seed(users: readonly User[]): Kept[] {
  const [dana, eli] = users
  if (dana === undefined || eli === undefined) return []
  const small = make('agent-small', 'Claude Code in a small container, behind the boundary of the team.', dana, [
    { name: 'v2', days: 2, message: 'node 24, and the mirror alone', status: 'succeeded' },
    { name: 'v1', days: 40, message: 'the first one', status: 'succeeded' },
  ])
  const odd = make('odd-one', hostileTexts[0]!, eli, [
    { name: 'v3', days: 0.01, message: hostileTexts[1]!, status: 'failed' },
    { name: 'v1', days: 9, message: hostileTexts[2]!, status: 'succeeded' },
  ])
  const regions = make('regions', 'What it asks depends on what is answered.', dana, [
    { name: 'v1', days: 3, message: dynamicMessage, status: 'succeeded' },
  ])
  return [
    small,
    {
      ...odd,
      acl: { ...odd.acl, everyone: false },
      template: { ...odd.template, everyone: false, deprecated: true, deprecation_message: hostileTexts[3]! },
    },
    regions,
  ]
}

const dynamicMessage = 'zones by region'

interface Seeded {
  readonly name: string
  readonly days: number
  readonly message: string
  readonly status: 'succeeded' | 'failed'
}

function make(name: string, description: string, by: User, seeds: readonly Seeded[]): Kept {
  const id = uuidv7(ago(50))
  const active = seeds.find(({ status }) => status === 'succeeded')
  const versions = seeds.map((one): TemplateVersion => {
    const at = ago(one.days).toISOString()
    return {
      id: uuidv7(ago(one.days)),
      template_id: id,
      organization_id: homeId,
      name: one.name,
      message: one.message,
      job: job(at, by.id, one.status),
      readme: `# ${name}\n\n${description}\n`,
      sha256: createHash('sha256').update(`${name} ${one.name}`).digest('hex'),
      archived: false,
      active: one === active,
      dynamic_parameters: one.message === dynamicMessage,
      has_ai_task: true,
      has_external_agent: false,
      terraform_version: 'terraform 1.11.4',
      created_at: at,
      updated_at: at,
      created_by: minimal(by),
    }
  })
  const used = versions.find((one) => one.active) ?? versions[0]!
  const template: Template = {
    id,
    organization_id: homeId,
    organization_name: 'default',
    organization_display_name: 'Default',
    name,
    display_name: '',
    description,
    icon: '',
    provisioner: 'terraform',
    active_version_id: used.id,
    active_version_name: used.name,
    default_ttl_ms: 8 * 3_600_000,
    activity_bump_ms: 3_600_000,
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
    deprecated: false,
    deprecation_message: '',
    everyone: true,
    created_at: ago(50).toISOString(),
    updated_at: used.created_at,
    created_by: minimal(by),
  }
  return { template, versions, acl: { everyone: true, users: [{ ...minimal(by), role: 'admin' }], group: [] } }
}

const job = (at: string, initiator: string, status: 'succeeded' | 'failed'): ProvisionerJob => ({
  id: uuidv7(new Date(at)),
  type: 'template_version_import',
  status,
  organization_id: homeId,
  initiator_id: initiator,
  file_id: null,
  created_at: at,
  started_at: at,
  canceled_at: null,
  completed_at: at,
  error: status === 'failed' ? `main.tf, line 14: ${hostileTexts[4]!}` : null,
  error_code: null,
  worker_id: null,
  worker_name: 'reeve-1',
  queue_position: 0,
  queue_size: 0,
  logs_overflowed: false,
})

const missing = (): Fault => new Fault('not_found', 'there is no such template')

function find(asked: Asked, id: string): Kept {
  const found = templatesOf(asked).find(({ template }) => template.id === id)
  if (found === undefined) throw missing()
  return found
}

function findVersion(asked: Asked, id: string): TemplateVersion {
  const found = templatesOf(asked)
    .flatMap(({ versions }) => versions)
    .find((one) => one.id === id)
  if (found === undefined) throw missing()
  return found
}

const said = ({ created_at: at, job: { error } }: TemplateVersion): ProvisionerJobLog[] => {
  const line = (id: number, stage: string, output: string, level: 'info' | 'error' = 'info'): ProvisionerJobLog => ({
    id,
    created_at: at,
    log_source: 'provisioner',
    log_level: level,
    stage,
    output,
  })
  return [
    line(1, 'init', 'Terraform has been successfully initialized'),
    ...(error === null
      ? [
          line(2, 'plan', 'coder_agent.main: Plan to create'),
          line(3, 'plan', 'docker_container.workspace: Plan to create'),
        ]
      : [line(2, 'plan', error, 'error' as const)]),
  ]
}

/** What was imported and is no template yet. */
const pushed = new WeakMap<World, Kept>()

const examples = [
  { id: 'local', name: 'A process', description: 'Workspaces in a jail on the machine of the server' },
  { id: 'docker-claude', name: 'A container, with Claude Code', description: 'Tasks for Claude Code in a container' },
].map((example) => ({ ...example, icon: '', tags: [], markdown: `# ${example.name}` }))

export const templateHandlers: Handlers = {
  listTemplates: (_, asked) => templatesOf(asked).map(({ template }) => template),
  listTemplateExamples: () => examples,
  createTemplateVersion: ({ body }, asked) => {
    const [dana] = asked.world.users
    const message = examples.find(({ id }) => id === body.example_id)?.description
    if (dana === undefined || message === undefined) throw missing()
    const made = make('pushed', message, dana, [{ name: 'v1', days: 0, message, status: 'succeeded' }])
    pushed.set(asked.world, made)
    return made.versions[0]!
  },
  createTemplate: ({ body }, asked) => {
    const made = pushed.get(asked.world)
    if (made === undefined) throw missing()
    const template = { ...made.template, name: body.name }
    templatesOf(asked).push({ ...made, template })
    return template
  },
  getTemplateVersion: ({ params }, asked) => findVersion(asked, params.version),
  evaluateTemplateParameters: ({ body }) => evaluated(body.id, body.inputs),
  getTemplate: ({ params }, asked) => find(asked, params.template).template,
  updateTemplate: ({ params, body }, asked) => {
    const { template } = find(asked, params.template)
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
    return Object.assign(template, given, {
      deprecated: (body.deprecation_message ?? template.deprecation_message) !== '',
    })
  },
  deleteTemplate: ({ params }, asked) => {
    const all = templatesOf(asked)
    all.splice(all.indexOf(find(asked, params.template)), 1)
  },
  listTemplateVersions: ({ params }, asked) => [...find(asked, params.template).versions],
  getTemplateAcl: ({ params }, asked) => find(asked, params.template).acl,
  updateTemplateAcl: ({ params, body }, asked) => {
    const found = find(asked, params.template)
    const { user_perms: users = {}, group_perms: groups = {} } = body
    const everyone = groups[homeId] === undefined ? found.acl.everyone : groups[homeId] === 'use'
    found.acl = { everyone, ...changedAcl(asked.world, found.acl, { users, groups }) }
    return found.acl
  },
  promoteTemplateVersion: ({ params }, asked) => find(asked, params.template).template,
  listTemplateVersionLogs: ({ params }, asked) => said(findVersion(asked, params.version)),
  listTemplateVersionParameters: ({ params }, asked) => parametersOf(findVersion(asked, params.version)),
  listTemplateVersionVariables: () => [
    {
      name: 'registry_token',
      description: '',
      type: 'string',
      value: '',
      default_value: '',
      required: true,
      sensitive: true,
    },
  ],
  listTemplateVersionPresets: () => [
    {
      id: 'large',
      name: 'Large <b>',
      description: '',
      icon: '',
      default: false,
      parameters: [{ name: 'cpu', value: '8' }],
      desired_prebuild_instances: 0,
    },
  ],
  createTemplateDryRun: ({ params }, asked) => dryRunOf(findVersion(asked, params.version)),
  getTemplateDryRun: ({ params }, asked) => dryRunOf(findVersion(asked, params.version)),
  listTemplateDryRunLogs: ({ params }, asked) => said(findVersion(asked, params.version)),
  listTemplateDryRunResources: () => [made],
  listTemplateVersionResources: () => [made],
  listTemplateVersionFiles: ({ params }, asked) => filesOf(findVersion(asked, params.version)),
}

function filesOf({ name, message }: TemplateVersion): TemplateVersionFile[] {
  const file = (path: string, text: string | null): TemplateVersionFile => ({
    path,
    bytes: text?.length ?? 20_480,
    sha256: createHash('sha256')
      .update(text ?? path)
      .digest('hex'),
    executable: path.endsWith('.sh'),
    text,
  })
  const lines = Array.from({ length: 12 }, (_, at) => `# ${at + 1} of twelve`)
  return [
    file('logo.png', null),
    file('main.tf', [...lines, `image = "node:${name === 'v1' ? 22 : 24}"`, `  note = "${message}"`, ''].join('\n')),
    name === 'v1' ? file('old.tf', 'locals {}\n') : file('scripts/start.sh', '#!/bin/sh\nexec claude\n'),
  ]
}

const dryRunOf = ({ job: imported }: TemplateVersion): ProvisionerJob => ({
  ...imported,
  type: 'template_version_dry_run',
})

const made = {
  workspace_transition: 'start' as const,
  address: 'docker_container.workspace[0]',
  type: 'docker_container',
  name: 'workspace',
  hide: false,
  icon: '',
  daily_cost: 0,
  metadata: [],
  agents: [{ name: 'main', operating_system: 'linux', architecture: 'amd64', apps: [] }],
}

function parametersOf(version: TemplateVersion): TemplateVersionParameter[] {
  const cpu = parameter('cpu', {
    display_name: version.message === 'the first one' ? '' : 'Processors',
    default_value: '2',
    type: 'number',
    validation_min: 1,
    validation_max: 8,
  })
  const region = parameter('region', {
    description_plaintext: hostileTexts[0]!,
    form_type: 'radio',
    mutable: false,
    default_value: 'eu',
    options: ['eu', 'us'].map((value) => ({ name: value.toUpperCase(), description: '', value, icon: '' })),
  })
  return [cpu, region, parameter('gpu', { type: 'bool', form_type: 'checkbox', default_value: 'false' })]
}

const parameter = (name: string, more: Partial<TemplateVersionParameter>): TemplateVersionParameter => ({
  name,
  display_name: '',
  description: '',
  description_plaintext: '',
  type: 'string',
  form_type: 'input',
  mutable: true,
  ephemeral: false,
  required: false,
  default_value: '',
  icon: '',
  options: [],
  validation_regex: '',
  validation_error: '',
  validation_min: null,
  validation_max: null,
  validation_monotonic: '',
  ...more,
})

const zones: Readonly<Record<string, readonly string[]>> = { north: ['n1', 'n2'], south: ['s1', 's2'] }

/** A form whose second field goes by its first. */
function evaluated(id: number, { region = 'north', zone }: Readonly<Record<string, string>>): DynamicParameters {
  const offered = zones[region] ?? []
  const isOffered = zone === undefined || offered.includes(zone)
  const used = zone !== undefined && isOffered ? zone : (offered[0] ?? '')
  const wrong = {
    severity: 'error' as const,
    summary: `The parameter "zone" cannot be ${JSON.stringify(zone)}`,
    detail: 'It has to be one of its options.',
    extra: { code: 'invalid_value' },
  }
  return {
    id,
    diagnostics: [],
    parameters: [
      formField('region', Object.keys(zones), region),
      { ...formField('zone', offered, used), diagnostics: isOffered ? [] : [wrong] },
    ],
  }
}

const formField = (name: string, options: readonly string[], value: string): FormParameter => ({
  name,
  display_name: '',
  description: '',
  type: 'string',
  form_type: 'dropdown',
  styling: {},
  mutable: true,
  ephemeral: false,
  required: false,
  order: 0,
  icon: '',
  default_value: { value: options[0] ?? '', valid: true },
  options: options.map((one) => ({ name: one, description: '', value: { value: one, valid: true }, icon: '' })),
  validations: [],
  value: { value, valid: true },
  diagnostics: [],
})

import type {
  TemplateVersionParameter,
  TemplateVersionPreset,
  TemplateVersionResource,
  TemplateVersionVariable,
} from '@reeve/sdk'
import type { Resource } from '../provisioning/resource.ts'
import type { ImportResult } from '../provisioning/run.ts'
import type { TemplateParameter, TemplateVariable } from '../provisioning/template.ts'

/** What an import found, in the words of the contract: so it is kept, and so it is told. */
export interface Found {
  readonly parameters: readonly TemplateVersionParameter[]
  readonly variables: readonly TemplateVersionVariable[]
  readonly presets: readonly (typeof TemplateVersionPreset)['_output'][]
  readonly externalAuth: readonly { readonly id: string; readonly optional: boolean }[]
  readonly resources: readonly (typeof TemplateVersionResource)['_output'][]
  readonly tags: Readonly<Record<string, string>>
  /** Whether the parameters are others with other values; `false` for what was imported before this was looked at. */
  readonly dynamic?: boolean
  /** What fetched modules name of the owner; missing for what was imported before this was looked at. */
  readonly modulesName?: ImportResult['modulesName']
}

export const nothingFound: Found = {
  parameters: [],
  variables: [],
  presets: [],
  externalAuth: [],
  resources: [],
  tags: {},
}

export const foundOf = (result: ImportResult, values: ReadonlyMap<string, string>): Found => ({
  parameters: result.parameters.map(parameterOf),
  variables: result.variables.map((variable) => variableOf(variable, values.get(variable.name))),
  presets: result.presets.map((preset, index) => ({
    id: `${index}`,
    name: preset.name,
    description: preset.description,
    icon: preset.icon,
    default: preset.default,
    parameters: preset.parameters.map(({ name, value }) => ({ name, value })),
    desired_prebuild_instances: preset.prebuildInstances,
  })),
  externalAuth: result.externalAuth,
  resources: [...result.start.map(resourceOf('start')), ...result.stop.map(resourceOf('stop'))],
  tags: result.tags,
  dynamic: result.isFormDynamic,
  modulesName: result.modulesName,
})

const parameterOf = (given: TemplateParameter): TemplateVersionParameter => ({
  name: given.name,
  display_name: given.displayName,
  description: given.description,
  description_plaintext: given.description,
  type: given.type,
  form_type: given.formType,
  mutable: given.mutable,
  ephemeral: given.ephemeral,
  required: given.required,
  default_value: given.defaultValue,
  icon: given.icon,
  options: given.options.map(({ name, description, value, icon }) => ({ name, description, value, icon })),
  validation_regex: given.validation?.regex ?? '',
  validation_error: given.validation?.error ?? '',
  validation_min: given.validation?.min ?? null,
  validation_max: given.validation?.max ?? null,
  validation_monotonic: given.validation?.monotonic ?? '',
})

/** What is sensitive is told to nobody, its default neither. */
const variableOf = (given: TemplateVariable, value: string | undefined): TemplateVersionVariable => ({
  name: given.name,
  description: given.description,
  type: given.type,
  value: given.sensitive ? '' : (value ?? given.defaultValue ?? ''),
  default_value: given.sensitive ? '' : (given.defaultValue ?? ''),
  required: given.required,
  sensitive: given.sensitive,
})

export const resourceOf =
  (transition: 'start' | 'stop') =>
  (given: Resource): (typeof TemplateVersionResource)['_output'] => ({
    workspace_transition: transition,
    address: given.address,
    type: given.type,
    name: given.name,
    hide: given.hide,
    icon: given.icon,
    daily_cost: given.dailyCost,
    metadata: given.metadata.map(({ key, value, sensitive }) => ({
      key,
      value: sensitive ? '' : (value ?? ''),
      sensitive,
    })),
    agents: given.agents.map((agent) => ({
      name: agent.name,
      operating_system: agent.os,
      architecture: agent.arch,
      apps: agent.apps.map(({ slug, displayName, icon, url }) => ({ slug, display_name: displayName, icon, url })),
    })),
  })

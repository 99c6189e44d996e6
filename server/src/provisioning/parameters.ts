import type { Instance } from './instance.ts'
import type { ExternalAuthNeed, ParameterValidation, Preset, TemplateParameter } from './template.ts'
import { block, blocks, flag, number, text, textMap, textOrNull, type Values } from './values.ts'

/** What the data sources of a template ask of whoever makes a workspace of it. */
export function parametersOf(instances: readonly Instance[]): TemplateParameter[] {
  return dataOf(instances, 'coder_parameter').map((values) => ({
    name: text(values['name']),
    displayName: text(values['display_name']),
    description: text(values['description']),
    type: text(values['type'], 'string'),
    formType: text(values['form_type']),
    styling: text(values['styling'], '{}'),
    mutable: flag(values['mutable']),
    ephemeral: flag(values['ephemeral']),
    required: !flag(values['optional']),
    defaultValue: text(values['default']),
    icon: text(values['icon']),
    order: number(values['order']),
    options: blocks(values['option']).map((option) => ({
      name: text(option['name']),
      description: text(option['description']),
      value: text(option['value']),
      icon: text(option['icon']),
    })),
    validation: validation(block(values['validation'])),
  }))
}

/** The values that a plan went by. */
export function parameterValues(instances: readonly Instance[]): Map<string, string> {
  return new Map(dataOf(instances, 'coder_parameter').map((values) => [text(values['name']), text(values['value'])]))
}

export function presetsOf(instances: readonly Instance[]): Preset[] {
  return dataOf(instances, 'coder_workspace_preset').map((values) => ({
    name: text(values['name']),
    description: text(values['description']),
    icon: text(values['icon']),
    default: flag(values['default']),
    parameters: Object.entries(textMap(values['parameters'])).map(([name, value]) => ({ name, value })),
    prebuildInstances: number(block(values['prebuilds'])?.['instances']),
  }))
}

/** What people could not choose between, in words for the template's author. */
export function choiceProblems(instances: readonly Instance[]): string[] {
  const twice = (type: string) => {
    const names = dataOf(instances, type).map(({ name }) => text(name))
    const again = new Set(names.filter((name, index) => names.indexOf(name) !== index))
    return [...again].map((name) => `more than one ${type} has the name ${JSON.stringify(name)}`)
  }
  const chosen = presetsOf(instances).filter((preset) => preset.default)
  const names = chosen.map(({ name }) => JSON.stringify(name)).join(' and ')
  const defaults = chosen.length > 1 ? [`one preset can be the default, not ${names}`] : []
  return [...twice('coder_parameter'), ...twice('coder_workspace_preset'), ...defaults]
}

export function externalAuthOf(instances: readonly Instance[]): ExternalAuthNeed[] {
  const needs = new Map<string, boolean>()
  for (const values of dataOf(instances, 'coder_external_auth')) {
    const id = text(values['id'])
    // Who needs it at all needs it, whatever another block says.
    needs.set(id, flag(values['optional']) && (needs.get(id) ?? true))
  }
  return [...needs].map(([id, optional]) => ({ id, optional }))
}

/** Which workers may take the jobs of a template. */
export function tagsOf(instances: readonly Instance[]): Record<string, string> {
  return Object.assign({}, ...dataOf(instances, 'coder_workspace_tags').map((values) => textMap(values['tags'])))
}

/** The app by which a task is talked to: `app_id`, or the older block. */
export function aiTasksOf(instances: readonly Instance[]): { id: string; appId: string }[] {
  return instances
    .filter(({ mode, type }) => mode === 'managed' && type === 'coder_ai_task')
    .map(({ values }) => ({
      id: text(values['id']),
      appId: textOrNull(values['app_id']) ?? text(block(values['sidebar_app'])?.['id']),
    }))
}

function dataOf(instances: readonly Instance[], type: string): Values[] {
  return instances.filter((one) => one.mode === 'data' && one.type === type).map(({ values }) => values)
}

/** A bound that is not set reads as zero, with a mark beside it. */
function validation(values: Values | null): ParameterValidation | null {
  if (values === null) return null
  const bound = (name: 'min' | 'max') => {
    const value = values[name]
    return typeof value === 'number' && !flag(values[`${name}_disabled`]) ? value : null
  }
  return {
    regex: text(values['regex']),
    error: text(values['error']),
    min: bound('min'),
    max: bound('max'),
    monotonic: text(values['monotonic']),
  }
}

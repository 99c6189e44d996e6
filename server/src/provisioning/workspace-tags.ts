import { type Configuration, declared } from './configuration.ts'
import type { TemplateVariable } from './template.ts'

/**
 * The tags of `data "coder_workspace_tags"`, as far as they are known without a plan: made of text, of template variables
 * and of names and defaults of parameters. A plan knows the others.
 */
export function readTags(
  configuration: Configuration,
  variables: readonly TemplateVariable[],
  given: ReadonlyMap<string, string>,
): Record<string, string> {
  const known = new Map<string, string>()
  for (const { name, defaultValue } of variables) {
    const value = given.get(name) ?? defaultValue
    if (value !== null) known.set(`var.${name}`, value)
  }
  const data = (type: string) => declared(configuration, 'data', type)
  for (const [label, { name, default: value = null }] of data('coder_parameter')) {
    if (typeof name === 'string') known.set(`data.coder_parameter.${label}.name`, name)
    if (value !== null && typeof value !== 'object') known.set(`data.coder_parameter.${label}.value`, String(value))
  }
  const tags: Record<string, string> = {}
  for (const [, body] of data('coder_workspace_tags')) {
    for (const [rawKey, rawValue] of Object.entries(Object(body['tags']))) {
      const key = evaluate(rawKey, known)
      const value = evaluate(String(rawValue), known)
      if (key !== null && value !== null) tags[key] = value
    }
  }
  return tags
}

/** Null where something in it is not known. */
function evaluate(template: string, known: ReadonlyMap<string, string>): string | null {
  let isKnown = true
  const text = template.replace(/\$\{\s*([^}]*?)\s*\}/g, (_, name: string) => {
    const value = known.get(name)
    if (value === undefined) isKnown = false
    return value ?? ''
  })
  return isKnown && !text.includes('%{') ? text : null
}

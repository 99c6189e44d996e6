import { type Failure, failure } from './diagnostic.ts'
import type { TemplateVariable } from './template.ts'

/**
 * The values of a template's variables as Terraform's JSON file has them, in which a text is a text: nothing in it is
 * computed, whatever it looks like. A variable of a type other than a string or number takes JSON. `ephemeral` has those
 * that no plan keeps, and is null where there are none.
 */
export function variableValues(
  variables: readonly TemplateVariable[],
  given: ReadonlyMap<string, string>,
):
  { readonly failure: Failure } | { readonly failure: null; readonly json: string; readonly ephemeral: string | null } {
  const missing = variables.filter(({ name, required }) => required && !given.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    const what = missing.length === 1 ? 'the template variable' : 'the template variables'
    return { failure: failure(`${what} ${missing.join(', ')} needs a value`, 'REQUIRED_TEMPLATE_VARIABLES') }
  }
  const values: Record<string, unknown> = Object.create(null)
  const ephemeral: Record<string, unknown> = Object.create(null)
  for (const { name, type, ephemeral: isEphemeral } of variables) {
    const text = given.get(name)
    if (text === undefined) continue
    const value = typed(type, text)
    if (value === undefined) {
      return { failure: failure(`the value of the template variable ${name} is not ${type}: it has to be JSON`) }
    }
    values[name] = value
    if (isEphemeral) ephemeral[name] = value
  }
  const again = Object.keys(ephemeral).length === 0 ? null : JSON.stringify(ephemeral)
  return { failure: null, json: JSON.stringify(values), ephemeral: again }
}

/** Undefined where the text cannot be a value of the type. */
function typed(type: string, text: string): unknown {
  // Numbers stay text: Terraform reads them with a precision that JavaScript does not have, and checks them.
  if (type === '' || type === 'string' || type === 'number' || type === 'bool') return text
  if (type === 'any') return parsed(text) ?? text
  return parsed(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { Fault, type Problem } from '@reeve/base'
import type { Found } from '../templates/found.ts'

export interface Choice {
  /** The version's, as its import found them. */
  readonly declared: Found['parameters']
  /** Of the build before, whatever became of it. */
  readonly before: ReadonlyMap<string, string>
  /** Of the last build that succeeded: what is immutable keeps these. */
  readonly settled: ReadonlyMap<string, string>
  readonly given: ReadonlyMap<string, string>
  /**
   * Whether the parameters depend on their values: the import has seen one of the forms that there are, and which
   * parameters a build has only its plan can tell.
   */
  readonly dynamic?: boolean
}

/**
 * The values that a start goes on with. What is not named stays as it was, but ephemeral ones, which hold for one build;
 * what the version does not have any more is left behind. Whether a value is a good one is for the plan to say, which
 * knows what the template makes of it. Throws `invalid` for what no plan has to look at.
 */
export function chooseParameters({ declared, before, settled, given, dynamic = false }: Choice): Map<string, string> {
  const problems: Problem[] = []
  const bad = (name: string, detail: string): void =>
    void problems.push({ field: `rich_parameter_values.${name}`, detail })
  const chosen = new Map<string, string>()
  for (const { name, mutable, ephemeral, required } of declared) {
    const fixed = mutable ? undefined : settled.get(name)
    const value = given.get(name) ?? fixed ?? (ephemeral ? undefined : before.get(name))
    if (fixed !== undefined && value !== fixed) bad(name, 'cannot be changed once the workspace has been built')
    else if (value !== undefined) chosen.set(name, value)
    else if (required && !dynamic) bad(name, 'is needed: the template has no value for it')
  }
  const isDeclared = (name: string): boolean => declared.some((one) => one.name === name)
  if (dynamic) {
    for (const [name, value] of [...before, ...given]) if (!isDeclared(name)) chosen.set(name, value)
  } else {
    for (const name of given.keys()) if (!isDeclared(name)) bad(name, 'is no parameter of this version')
  }
  if (problems.length > 0) throw new Fault('invalid', 'the workspace cannot be built with these values', { problems })
  return chosen
}

/** Without those that hold for one build. */
export const lasting = (values: ReadonlyMap<string, string>, declared: Found['parameters']): Map<string, string> =>
  new Map([...values].filter(([name]) => declared.find((one) => one.name === name)?.ephemeral !== true))

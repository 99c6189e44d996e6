import type { Found } from '../templates/found.ts'
import type { VersionRow } from '../templates/version-queries.ts'
import type { Values } from '../workspaces/begin-build.ts'

type Parameters = NonNullable<Values['rich_parameter_values']>

/** Templates from before `coder_task` take the prompt as a parameter of this name. */
const parameterName = 'AI Prompt'

const declared = ({ found }: Pick<VersionRow, 'found'>): Found['parameters'][number] | undefined =>
  // SAFETY: the column is written by the import alone, from this type.
  (found as unknown as Found | null)?.parameters.find(({ name }) => name === parameterName)

/** What a build is given beside what was chosen. */
export function legacyPrompt(
  version: Pick<VersionRow, 'found'>,
  { input, rich_parameter_values: given = [] }: { readonly input: string } & Values,
): Parameters {
  if (declared(version) === undefined || given.some(({ name }) => name === parameterName)) return []
  return [{ name: parameterName, value: input }]
}

/** Of a task that goes on: a value that cannot change is left as it is. */
export const legacyPromptAgain = (version: Pick<VersionRow, 'found'>, input: string): Parameters =>
  declared(version)?.mutable === true ? [{ name: parameterName, value: input }] : []

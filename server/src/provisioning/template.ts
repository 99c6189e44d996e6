/** What a template asks of whoever pushes it: a `variable` of Terraform's. */
export interface TemplateVariable {
  readonly name: string
  readonly description: string
  /** As the template writes it: `string`, `list(string)`; empty where it says none. */
  readonly type: string
  /** As text: a string as it is, all else as JSON. Null where there is none, and a value is required. */
  readonly defaultValue: string | null
  readonly required: boolean
  readonly sensitive: boolean
  /** Kept in no plan: an apply has to be told it once more. */
  readonly ephemeral: boolean
  readonly validations: readonly { readonly condition: string; readonly errorMessage: string }[]
}

/** What a template asks of the owner of a workspace: a `data "coder_parameter"`. */
export interface TemplateParameter {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly type: string
  readonly formType: string
  /** A JSON object for the form. */
  readonly styling: string
  readonly mutable: boolean
  readonly ephemeral: boolean
  readonly required: boolean
  readonly defaultValue: string
  readonly icon: string
  readonly order: number
  readonly options: readonly ParameterOption[]
  readonly validation: ParameterValidation | null
}

export interface ParameterOption {
  readonly name: string
  readonly description: string
  readonly value: string
  readonly icon: string
}

export interface ParameterValidation {
  readonly regex: string
  readonly error: string
  readonly min: number | null
  readonly max: number | null
  readonly monotonic: string
}

export interface Preset {
  readonly name: string
  readonly description: string
  readonly icon: string
  readonly default: boolean
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
  /** How many workspaces are to stand ready; 0 where none are asked for. */
  readonly prebuildInstances: number
}

export interface ExternalAuthNeed {
  readonly id: string
  readonly optional: boolean
}

import type { BuildContext } from './build-context.ts'
import type { Failure } from './diagnostic.ts'
import type { OwnerWord } from './downloaded-modules.ts'
import type { Resource } from './resource.ts'
import type { SourceFile } from './source-file.ts'
import type { ExternalAuthNeed, Preset, TemplateParameter, TemplateVariable } from './template.ts'

export interface LogLine {
  readonly at: Date
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly stage: string
  /** Who said it: we, or Terraform with what the template made it say. */
  readonly source: 'provisioner' | 'terraform'
  readonly text: string
}

/** How long a stage took (`resource` is empty), or what was done to one resource in it. */
export interface Timing {
  readonly stage: string
  readonly resource: string
  readonly action: string
  /** The provider, for a resource. */
  readonly source: string
  readonly startedAt: Date
  readonly endedAt: Date
}

/** What every run of a template needs. */
export interface Run {
  /** Of `readArchive`. */
  readonly source: readonly SourceFile[]
  readonly context: BuildContext
  /** What the author set, by the variable's name: a string as it is, all else as JSON. */
  readonly variables: ReadonlyMap<string, string>
  /** Asks Terraform to end by itself, as Ctrl-C does. */
  readonly signal: AbortSignal
  /** Kills it and everything that it has started. */
  readonly force: AbortSignal
  readonly onLog: (line: LogLine) => void
}

export interface BuildRun extends Run {
  readonly state: Uint8Array | null
  /** The state as it grows, so that a machine that dies in the middle loses none of it. */
  readonly onState?: (state: Buffer) => void
  /** Between plan and apply; a failure ends the build before anything was made. */
  readonly approve?: (plan: { resources: readonly Resource[]; dailyCost: number }) => Promise<Failure | null>
}

export interface Failed {
  readonly failure: Failure
}

export interface ImportResult {
  readonly failure: null
  readonly variables: readonly TemplateVariable[]
  readonly readme: string
  readonly tags: Readonly<Record<string, string>>
  readonly parameters: readonly TemplateParameter[]
  readonly presets: readonly Preset[]
  readonly externalAuth: readonly ExternalAuthNeed[]
  /** What modules that are fetched from elsewhere name of the owner. */
  readonly modulesName: readonly OwnerWord[]
  readonly start: readonly Resource[]
  readonly stop: readonly Resource[]
  readonly hasAiTask: boolean
  readonly hasExternalAgent: boolean
  /** Whether what is asked for depends on who asks or on what was answered: no list of parameters holds for all. */
  readonly isFormDynamic: boolean
  /** `terraform 1.11.4` */
  readonly engineVersion: string
  readonly timings: readonly Timing[]
}

export interface PlanResult {
  readonly failure: null
  readonly resources: readonly Resource[]
  /** The values that it went by. */
  readonly parameters: ReadonlyMap<string, string>
  /** What the template asks for, which may depend on those values. */
  readonly declared: readonly TemplateParameter[]
  readonly dailyCost: number
  readonly timings: readonly Timing[]
}

export interface BuildResult {
  /** As it is after the run, also where the run failed half-way; null where there is nothing. */
  readonly state: Buffer | null
  readonly failure: Failure | null
  readonly resources: readonly Resource[]
  readonly aiTasks: readonly { readonly id: string; readonly appId: string }[]
  readonly parameters: ReadonlyMap<string, string>
  readonly dailyCost: number
  readonly timings: readonly Timing[]
}

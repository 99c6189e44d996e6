import type { Secret } from '@reeve/base'
import type { ProcessHost } from './process-host.ts'

/** What an agent is started with: the platform it runs on, how it proves who it is, and where it finds us. */
export interface AgentPlatform {
  readonly os: string
  readonly arch: string
  readonly auth: string
  readonly accessUrl: string
}

export interface WorkspaceOwner {
  readonly id: string
  readonly name: string
  readonly fullName: string
  readonly email: string
  readonly groups: readonly string[]
  readonly loginType: string
  /**
   * Null where the template's source does not name it: a data source has all its attributes in the state, and nearly
   * every template reads the one that this is in.
   */
  readonly sessionToken: Secret | null
  readonly oidcAccessToken: Secret | null
  readonly sshPublicKey: string
  readonly sshPrivateKey: Secret | null
  readonly roles: readonly { readonly name: string; readonly orgId: string }[]
}

export interface WrongValue {
  readonly summary: string
  readonly detail: string
}

/**
 * Everything that our providers answer from: one value for each run of Terraform, held in memory. Nothing of it passes
 * through the environment or the disk.
 */
export interface BuildContext {
  /** A delete is `terraform destroy` with the transition `stop`. */
  readonly transition: 'start' | 'stop'
  /** Where agents and people reach the control plane; a template's `provider "coder" { url }` goes before it. */
  readonly accessUrl: string
  readonly buildId: string
  readonly workspace: { readonly id: string; readonly name: string }
  readonly owner: WorkspaceOwner
  /** `version` is the version's name. */
  readonly template: { readonly id: string; readonly name: string; readonly version: string }
  readonly task: { readonly id: string; readonly prompt: string } | null
  /** By the parameter's name. */
  readonly parameters: ReadonlyMap<string, string>
  /** Of the build before: an immutable parameter keeps its value, a monotonic one only grows or shrinks from it. */
  readonly previousParameters: ReadonlyMap<string, string>
  /**
   * What a parameter without default and without value is: `refuse` in a build, where somebody has to choose; at import
   * nobody has chosen yet, and a `placeholder` (the first option, or the type's empty value) lets the plan go through.
   */
  readonly missingParameters: 'refuse' | 'placeholder'
  /**
   * Hears what is wrong with the values of parameters, by the parameter's name. With it a value that is none is told
   * here and the plan goes on as without it: a form wants to know of all its fields at once. Without it, a run fails.
   */
  readonly onWrongValue?: (name: string, problem: WrongValue) => void
  /** Access tokens by the id of the external provider. */
  readonly externalAuth: ReadonlyMap<string, Secret>
  /** What `coder_secret` finds: `env:NAME` and `file:PATH`. */
  readonly secrets: ReadonlyMap<string, Secret>
  /** Tokens of agents that go on, by the agent's id. A start gives every other agent a new token. */
  readonly agentTokens: ReadonlyMap<string, Secret>
  readonly initScript: (agent: AgentPlatform) => string
  /** Where `reeve_process` starts what it says. */
  readonly host: ProcessHost
}

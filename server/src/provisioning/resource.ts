import type { Secret } from '@reeve/base'

/** Something that a template makes, with the agents that run in it. */
export interface Resource {
  readonly address: string
  readonly type: string
  readonly name: string
  readonly mode: 'managed'
  readonly agents: readonly AgentPlan[]
  readonly metadata: readonly MetadataItem[]
  readonly hide: boolean
  readonly icon: string
  readonly dailyCost: number
}

export interface MetadataItem {
  readonly key: string
  /** Null as long as it is not known. */
  readonly value: string | null
  readonly sensitive: boolean
}

/** A `coder_agent` with everything that names it. */
export interface AgentPlan {
  /** Null in a plan that makes it. */
  readonly id: string | null
  readonly address: string
  readonly name: string
  readonly os: string
  readonly arch: string
  /** `token`, or how its cloud vouches for the machine. */
  readonly auth: string
  readonly token: Secret | null
  /** Of the machine, where its cloud vouches for it. */
  readonly instanceId: string | null
  readonly apiKeyScope: string
  readonly connectionTimeoutSeconds: number
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly motdFile: string
  readonly order: number
  readonly startupScript: string
  readonly startupScriptBehavior: string
  readonly shutdownScript: string
  readonly troubleshootingUrl: string
  readonly displayApps: DisplayApps
  readonly metadata: readonly AgentMetadata[]
  readonly monitoring: Monitoring
  readonly apps: readonly AgentApp[]
  readonly scripts: readonly AgentScript[]
  readonly envs: readonly AgentEnv[]
  readonly devcontainers: readonly AgentDevcontainer[]
  /** Run by somebody else, somewhere else. */
  readonly external: boolean
}

export interface DisplayApps {
  readonly vscode: boolean
  readonly vscodeInsiders: boolean
  readonly webTerminal: boolean
  readonly sshHelper: boolean
  readonly portForwardingHelper: boolean
}

export interface AgentMetadata {
  readonly key: string
  readonly displayName: string
  readonly script: string
  readonly intervalSeconds: number
  readonly timeoutSeconds: number
  readonly order: number
}

export interface Monitoring {
  readonly memory: { readonly enabled: boolean; readonly threshold: number } | null
  readonly volumes: readonly { readonly path: string; readonly enabled: boolean; readonly threshold: number }[]
}

export interface AgentApp {
  readonly id: string | null
  readonly address: string
  readonly slug: string
  readonly displayName: string
  readonly command: string
  readonly url: string
  readonly external: boolean
  readonly group: string
  readonly hidden: boolean
  readonly icon: string
  readonly openIn: string
  readonly order: number
  readonly share: string
  readonly subdomain: boolean
  readonly tooltip: string
  readonly healthcheck: { readonly url: string; readonly intervalSeconds: number; readonly threshold: number } | null
}

export interface AgentScript {
  readonly id: string | null
  readonly address: string
  readonly after: readonly ScriptWait[]
  readonly displayName: string
  readonly script: string
  readonly cron: string
  readonly icon: string
  readonly logPath: string
  readonly runOnStart: boolean
  readonly runOnStop: boolean
  readonly startBlocksLogin: boolean
  readonly timeoutSeconds: number
}

/** That a script begins when another one is over, in one of the stages of an agent's life. */
export interface ScriptWait {
  /** The address of the other. */
  readonly script: string
  readonly stage: 'start' | 'stop'
  /** With `success` it is left out where the other did not succeed. */
  readonly requires: 'success' | 'completion'
}

export interface AgentEnv {
  readonly name: string
  readonly value: string
  readonly mergeStrategy: string
}

export interface AgentDevcontainer {
  readonly id: string | null
  readonly name: string
  readonly workspaceFolder: string
  readonly configPath: string
}

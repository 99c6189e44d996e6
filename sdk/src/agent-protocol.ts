import { z } from 'zod'
import { Id, Instant } from './common.ts'

/**
 * What the agent of a workspace and the control plane say to each other: JSON texts over one WebSocket that the agent
 * opens, at `agentSocketPath`, with its token in a header.
 *
 *   agent  ──▶ hello                                          the first frame, once for each connection
 *   server ──▶ manifest                                       what the agent is to do
 *   agent  ──▶ lifecycle, logs, metadata, apps, stats, script in any order, as they happen
 *   server ──▶ kept                                           the log lines up to this one are on record
 *   server ──▶ stop                                           the workspace is being stopped: shut down, and say so
 *
 * Lines are numbered by the agent from `log_next` of the manifest on, and are sent again after a lost connection until
 * they are kept: a number that is there already is not written twice. Frames of a kind that one does not know are passed
 * over, so that either side may be newer. Whoever closes says why with one of `agentCloseCodes`.
 */
export const agentProtocolVersion = 1
export const agentSocketPath = '/api/v2/workspaceagents/me/rpc'
export const agentBundlePath = '/bin/reeve-agent.js'
export const boundaryBundlePath = '/bin/reeve-boundary.js'

export const agentCloseCodes = {
  /** The token is not valid any more: the workspace is stopped, or built anew. The agent ends. */
  ended: 4001,
  /** Another connection came with the same token. */
  replaced: 4002,
  /** What was sent is not of this protocol. */
  nonsense: 4003,
} as const

export const agentFrameCharsMax = 256 * 1024
export const agentLogLineCharsMax = 8_192
export const agentLinesPerFrame = 200

export const AgentLifecycle = z.enum([
  'created',
  'starting',
  'ready',
  'start_timeout',
  'start_error',
  'shutting_down',
  'off',
  'shutdown_timeout',
  'shutdown_error',
])
export type AgentLifecycle = z.infer<typeof AgentLifecycle>

export const AgentLogLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error'])
export const AgentAppHealth = z.enum(['disabled', 'initializing', 'healthy', 'unhealthy'])
export type AgentAppHealth = z.infer<typeof AgentAppHealth>

const Slug = z.string().min(1).max(64)
const Seconds = z.number().min(0).max(86_400)

export const AgentLine = z.object({
  number: z.number().int().min(1),
  created_at: Instant,
  level: AgentLogLevel,
  source: z.string().max(256),
  output: z.string().max(agentLogLineCharsMax),
})
export type AgentLine = z.infer<typeof AgentLine>

export const AgentScriptStage = z.enum(['start', 'stop', 'cron'])
export type AgentScriptStage = z.infer<typeof AgentScriptStage>
export const AgentScriptStatus = z.enum(['ok', 'exit_failure', 'timed_out', 'pipes_left_open', 'canceled', 'skipped'])
export type AgentScriptStatus = z.infer<typeof AgentScriptStatus>

/** How one run of a script went. */
export const AgentScriptRun = z.object({
  source: z.string().max(256),
  stage: AgentScriptStage,
  status: AgentScriptStatus,
  exit_code: z.number().int().nullable(),
  started_at: Instant,
  ended_at: Instant,
})
export type AgentScriptRun = z.infer<typeof AgentScriptRun>

export const AgentStats = z.object({
  uptime_seconds: z.number().min(0),
  load: z.number().min(0),
  memory_total_bytes: z.number().min(0),
  memory_free_bytes: z.number().min(0),
})
export type AgentStats = z.infer<typeof AgentStats>

/** What an agent sends. */
export const AgentFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), protocol: z.number().int().min(1), version: z.string().max(64) }),
  z.object({ kind: z.literal('lifecycle'), state: AgentLifecycle, at: Instant }),
  z.object({ kind: z.literal('logs'), lines: z.array(AgentLine).min(1).max(agentLinesPerFrame) }),
  z.object({
    kind: z.literal('metadata'),
    items: z
      .array(
        z.object({
          key: z.string().max(256),
          value: z.string().max(2_048),
          error: z.string().max(2_048),
          collected_at: Instant,
        }),
      )
      .max(100),
  }),
  z.object({ kind: z.literal('apps'), items: z.array(z.object({ slug: Slug, health: AgentAppHealth })).max(100) }),
  z.object({ kind: z.literal('stats'), stats: AgentStats }),
  z.object({ kind: z.literal('script'), run: AgentScriptRun }),
])
export type AgentFrame = z.infer<typeof AgentFrame>

export const ServedProgram = z.object({
  path: z.string().describe('At the control plane.'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex'),
})
export type ServedProgram = z.infer<typeof ServedProgram>

export const AgentManifest = z.object({
  agent_id: Id,
  agent_name: z.string(),
  workspace_id: Id,
  workspace_name: z.string(),
  owner_name: z.string(),
  access_url: z.string(),
  directory: z.string(),
  env: z.array(
    z.object({ name: z.string(), value: z.string(), merge: z.enum(['replace', 'append', 'prepend', 'error']) }),
  ),
  gateway_token: z.string().describe('Calls models for the owner of the workspace, and does nothing else.'),
  boundary: z
    .object({
      token: z.string().describe('Runs boundaries of this workspace for its owner, and does nothing else.'),
      program: ServedProgram,
    })
    .nullable()
    .describe('Null where the control plane has no boundary to give.'),
  scripts: z.array(
    z.object({
      source: z.string(),
      script: z.string(),
      stages: z.array(AgentScriptStage),
      cron: z.string().describe('When it is run: six fields, the first for the second; empty for never.'),
      log_path: z.string().describe('A file that its lines are written to as well, or empty.'),
      timeout_seconds: Seconds.describe('0: as long as it takes.'),
      id: z.string().describe('What others call it that wait for it; empty for one that nothing waits for.'),
      after: z
        .array(
          z.object({
            script: z.string(),
            stage: z.enum(['start', 'stop']),
            requires: z.enum(['success', 'completion']),
          }),
        )
        .describe('What has to be over before it begins; with `success` it is left out where that did not succeed.'),
    }),
  ),
  metadata: z.array(
    z.object({ key: z.string(), script: z.string(), interval_seconds: Seconds, timeout_seconds: Seconds }),
  ),
  apps: z.array(
    z.object({
      slug: z.string(),
      healthcheck: z.object({ url: z.string(), interval_seconds: Seconds, threshold: z.number().int() }).nullable(),
    }),
  ),
  task: z
    .object({ id: Id, app_slug: z.string(), app_url: z.string() })
    .nullable()
    .describe('The task that this workspace is for, and the app of this agent that talks with its coding agent.'),
  port_proxy_uri: z
    .string()
    .describe('Where a browser reaches a port of the workspace, with {{port}} in its place; empty where it cannot.'),
  log_next: z.number().int().min(1),
})
export type AgentManifest = z.infer<typeof AgentManifest>

/** What an agent is told. */
export const AgentOrder = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('manifest'), manifest: AgentManifest }),
  z.object({ kind: z.literal('kept'), through: z.number().int().min(0) }),
  z.object({ kind: z.literal('stop') }),
])
export type AgentOrder = z.infer<typeof AgentOrder>

import type { Level } from './conversation.ts'

/**
 * How one kind of coding agent is talked to: a pure fold from the lines of its structured output, or from looks at its
 * screen, to what they mean.
 * A driver starts nothing and writes nothing; what it wants written is among what it says.
 *
 * Everything in a line is the agent's word, and through it the model's and every tool's: fields are looked at before
 * they are believed, and a line that is not understood means nothing.
 */
export interface AgentDriver<T = Talk> {
  readonly type: AgentType
  /** Whether a later process can go on with what an earlier one was told. */
  readonly resumes: boolean
  /** The command that is talked to, from the command that a person would type. */
  command(given: readonly string[], sessionId: string | null): readonly string[]
  /** A process of this agent has just started. */
  begin(sessionId: string | null): Step<T>
  line(talk: T, line: unknown): Step<T>
  /** Gives the agent a message; only while nothing else is being worked on. */
  prompt(talk: T, text: string): Step<T>
  /** Why it would not take a message for one although it waits; null or nothing when it would. */
  refusal?(talk: T): string | null
}

/** The kinds that AgentAPI knows; what is none of the others is `custom`. */
export const agentTypes = [
  'claude',
  'codex',
  'aider',
  'amazonq',
  'amp',
  'auggie',
  'copilot',
  'cursor',
  'gemini',
  'goose',
  'opencode',
  'custom',
] as const
export type AgentType = (typeof agentTypes)[number]

/** As AgentAPI calls the two ways: `pty` is by the screen, `acp` by anything that was made for programs. */
export type Transport = 'acp' | 'pty'
const structured: readonly AgentType[] = ['claude', 'codex', 'gemini', 'opencode']
export const usualTransport = (type: AgentType): Transport => (structured.includes(type) ? 'acp' : 'pty')

/** Where the talk with one process stands. */
export interface Talk {
  /** The agent's own name of the conversation; null until it has one. */
  readonly sessionId: string | null
  readonly phase: 'greeting' | 'opening' | 'open'
  /** Requests written to this process, which are numbered from 1. */
  readonly calls: number
}

export type Meaning =
  /** A conversation that a later process can go on with. */
  | { readonly kind: 'session'; readonly id: string }
  /** There is no such conversation any more: the next process begins anew. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'working' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'text'; readonly text: string }
  /** What it has said since the last message, as it now reads. */
  | { readonly kind: 'rewritten'; readonly text: string }
  | { readonly kind: 'trouble'; readonly message: string; readonly level: Level }
  | { readonly kind: 'write'; readonly line: object }

export type Step<T = Talk> = readonly [T, readonly Meaning[]]

/** Names of conversations go onto command lines and into files. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(value)
}

/** A field of what may be no object at all. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

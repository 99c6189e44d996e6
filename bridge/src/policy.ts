import type { Actor } from './recorder.ts'

/** What an actor may not do; asked in memory, before a byte goes to a provider. */
export interface Policy {
  /** Null when the model may be asked. What throws is a no: nobody knows what it would have said. */
  model(about: PolicyAbout): Denial | null
  /** Null when no tool call of this actor is looked at: then nothing is held, and an answer is relayed as without a policy. */
  tools(about: PolicyAbout): ToolGate | null
}

export interface PolicyAbout {
  readonly actor: Actor
  readonly providerName: string
  /**
   * As the request names it, and for Bedrock and Gemini as the path does. Empty where it names none, and the provider
   * then takes one by itself: who allows only some models has to say no to that.
   */
  readonly model: string
  /** Which program asks, by its own word. */
  readonly client: string
}

export interface ToolGate {
  /** Null lets the client have the call. An answer that takes too long, or that throws, is a no. */
  decide(call: ProposedCall): Denial | null | Promise<Denial | null>
}

/** A tool call that a model asks the client to make. */
export interface ProposedCall {
  readonly id: string | null
  readonly name: string
  /** As the model wrote it: JSON, or for custom tools plain text (Codex's `exec`: JavaScript). */
  readonly input: string
}

export interface Denial {
  /** Which rule said so, for the record and for whoever reads it. */
  readonly rule: string
  /** One sentence for the person at the agent, ending with whom to ask. */
  readonly message: string
}

export const everythingAllowed: Policy = { model: () => null, tools: () => null }

import type { Clock } from '@reeve/base'
import { agentRewrote, agentSaid, type Conversation, type Level, type Message, userSaid } from './conversation.ts'

/** What is seen of an agent from outside: what was said, whether it waits, what went wrong. Readers are told each change. */
export interface Transcript {
  readonly messages: () => readonly Message[]
  readonly status: () => Status
  /** The person said something. */
  said(content: string): void
  /** The agent said something; told when `tellHeard` is called, or with the next change of another kind. */
  heard(text: string): void
  /** All that the agent said since the person did is now this; told like what was heard. */
  rewritten(text: string): void
  /** Tells what was heard; false when that is nothing. */
  tellHeard(): boolean
  show(status: Status): void
  complain(message: string, level: Level): void
  /** Tells the present at once and then every change, until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void
}

export type Status = 'stable' | 'running'
export type Change =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
export interface Trouble {
  readonly message: string
  readonly level: Level
  readonly time: string
}

const troublesMax = 100
const troubleCharsMax = 4000

export function openTranscript(before: readonly Message[], clock: Clock): Transcript {
  const listeners = new Set<(change: Change) => void>()
  const troubles: Trouble[] = []
  let conversation: Conversation = {
    messages: before,
    nextId: before.reduce((next, { id }) => Math.max(next, id + 1), 0),
  }
  let status: Status = 'running'
  let untold = false

  const time = (): string => clock.now().toISOString()
  const tell = (change: Change): void => listeners.forEach((listener) => listener(change))
  const tellHeard = (): boolean => {
    if (!untold) return false
    untold = false
    tell({ kind: 'message', message: conversation.messages.at(-1)! })
    return true
  }
  const take = (grown: Conversation): void => {
    untold ||= grown !== conversation
    conversation = grown
  }
  return {
    messages: () => conversation.messages,
    status: () => status,
    said(content) {
      tellHeard()
      conversation = userSaid(conversation, content, time())
      tell({ kind: 'message', message: conversation.messages.at(-1)! })
    },
    heard: (text) => take(agentSaid(conversation, text, time())),
    rewritten: (text) => take(agentRewrote(conversation, text, time())),
    tellHeard,
    show(next) {
      if (next === status) return
      // Whoever waits for `stable` has then been told all that was said.
      tellHeard()
      status = next
      tell({ kind: 'status', status })
    },
    complain(message, level) {
      const trouble = { message: message.slice(0, troubleCharsMax), level, time: time() }
      troubles.push(trouble)
      if (troubles.length > troublesMax) troubles.shift()
      tell({ kind: 'trouble', trouble })
    },
    subscribe(listener) {
      for (const message of conversation.messages) listener({ kind: 'message', message })
      listener({ kind: 'status', status })
      for (const trouble of troubles) listener({ kind: 'trouble', trouble })
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

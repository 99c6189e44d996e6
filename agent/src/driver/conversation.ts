/**
 * What was said between a person and a coding agent, as AgentAPI numbers it: from 0, the two in turns. All that an agent
 * says until the next message of the person is one message, which grows.
 */
export interface Conversation {
  readonly messages: readonly Message[]
  readonly nextId: number
}

export interface Message {
  readonly id: number
  readonly role: 'user' | 'agent'
  readonly content: string
  /** RFC 3339; of an agent's message the time of its last change. */
  readonly time: string
}

export type Level = 'warning' | 'error'

/** An agent may talk without end: what goes past these is cut, or forgotten from the beginning. */
export const contentCharsMax = 256 * 1024
const messagesMax = 1000
export const charsMax = 4 * 1024 * 1024

const cutMark = '\n\n[cut: the message is longer than what is kept]'

export function userSaid({ messages, nextId }: Conversation, content: string, time: string): Conversation {
  return kept([...messages, { id: nextId, role: 'user', content, time }], nextId + 1)
}

export function agentSaid(conversation: Conversation, text: string, time: string): Conversation {
  const { messages, nextId } = conversation
  const last = messages.at(-1)
  if (text.trim() === '' || last?.content.endsWith(cutMark) === true) return conversation
  if (last?.role !== 'agent') {
    return kept([...messages, { id: nextId, role: 'agent', content: cut(text), time }], nextId + 1)
  }
  return kept([...messages.slice(0, -1), { ...last, content: cut(`${last.content}\n\n${text}`), time }], nextId)
}

/** An agent whose words are read from a screen may take some of them back. */
export function agentRewrote(conversation: Conversation, text: string, time: string): Conversation {
  const { messages, nextId } = conversation
  const last = messages.at(-1)
  if (last?.role !== 'agent') return agentSaid(conversation, text, time)
  const content = cut(text)
  return last.content === content ? conversation : kept([...messages.slice(0, -1), { ...last, content, time }], nextId)
}

const cut = (content: string): string =>
  content.length <= contentCharsMax ? content : content.slice(0, contentCharsMax).toWellFormed() + cutMark

function kept(messages: readonly Message[], nextId: number): Conversation {
  let from = Math.max(0, messages.length - messagesMax)
  let chars = messages.slice(from).reduce((sum, { content }) => sum + content.length, 0)
  while (chars > charsMax) chars -= messages[from++]!.content.length
  return { messages: from === 0 ? messages : messages.slice(from), nextId }
}

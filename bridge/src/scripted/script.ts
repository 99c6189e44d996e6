import { createHash } from 'node:crypto'
import { commandInput, type CommandTool, type Json, smallestValue } from './tools.ts'

/**
 * What the scripted provider says: a pure function of the request, in any format. It follows the one loop that every
 * coding agent runs, so that a session through it has all that a session can have: a prompt is thought about and
 * answered with a harmless command, if the client offers a tool that runs commands; the result of that command is
 * answered with a text that cites it. Every text says that no model was asked.
 */
export interface ScriptedAnswer {
  /** For ids: the same request is answered with the same. */
  readonly digest: string
  readonly model: string
  readonly blocks: readonly ScriptedBlock[]
  readonly end: 'done' | 'tool' | 'cut'
  readonly usage: ScriptedUsage
}

export type ScriptedBlock =
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly tool: CommandTool; readonly input: Readonly<Record<string, unknown>> }

/** Tokens of which each is in one class; `thinking` is part of `written`. */
export interface ScriptedUsage {
  readonly fresh: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly written: number
  readonly thinking: number
}

/** What the script goes by. */
export interface ScriptedRequest {
  readonly model: string
  readonly bytes: Uint8Array
  /** Whether the model has said something before. */
  readonly answered: boolean
  /** What the client has added since the model's last answer. */
  readonly latest: readonly Json[]
  readonly prompt: string
  /** Of the last tool, if there is one to report. */
  readonly result: string | null
  /** One that runs commands, if the client offers it. */
  readonly tool: CommandTool | null
  /** What the answer has to look like, if the client asks for JSON. */
  readonly schema: Json | null
  readonly thinks: boolean
  readonly tokensMax: unknown
}

export const scriptLabel = 'Scripted answer from Reeve; no model was asked.'
const excerptCharsMax = 400

export function scriptedAnswer(request: ScriptedRequest): ScriptedAnswer {
  const { kept, cut } = limitTokens(scriptedBlocks(request), request.tokensMax)
  return {
    digest: createHash('sha256').update(request.bytes).digest('hex').slice(0, 24),
    model: request.model,
    blocks: kept,
    end: cut ? 'cut' : kept.some((block) => block.type === 'call') ? 'tool' : 'done',
    usage: scriptedUsage(request, kept),
  }
}

/** Four bytes a token: the right order of magnitude, and the same every time. */
export function countTokens(bytes: number): number {
  return Math.ceil(bytes / 4)
}

/** A model's text arrives a few words at a time; never half a character. */
export function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,24}/gu) ?? []
}

function scriptedBlocks({ schema, result, tool, prompt, thinks }: ScriptedRequest): ScriptedBlock[] {
  const thoughts = (text: string): ScriptedBlock[] =>
    thinks ? [{ type: 'thinking', text: `${scriptLabel} ${text}` }] : []
  const says = (text: string): ScriptedBlock => ({ type: 'text', text: `${scriptLabel} ${text}` })
  if (schema !== null) return [{ type: 'text', text: JSON.stringify(smallestValue(schema, 'Scripted session')) }]
  if (result !== null) {
    return [
      ...thoughts('The command has run. I will report what it printed.'),
      says(`The command printed: ${excerpt(result)}`),
    ]
  }
  if (tool === null) {
    return [...thoughts('There is no tool to run; I will answer at once.'), says(`You wrote: ${excerpt(prompt)}`)]
  }
  return [
    ...thoughts('I can show that the loop works by running a harmless command and reading what it prints.'),
    says('I will run a harmless command to show the whole loop.'),
    { type: 'call', tool, input: commandInput(tool.schema) },
  ]
}

function excerpt(text: string): string {
  const trimmed = text.trim()
  return trimmed.length > excerptCharsMax ? `${trimmed.slice(0, excerptCharsMax)} …` : trimmed
}

/** Cuts where a provider would, when the client allows fewer tokens than the script has. */
function limitTokens(blocks: readonly ScriptedBlock[], tokensMax: unknown): { kept: ScriptedBlock[]; cut: boolean } {
  let left = (typeof tokensMax === 'number' && tokensMax > 0 ? tokensMax : 4096) * 4
  const kept: ScriptedBlock[] = []
  for (const block of blocks) {
    const size = blockText(block).length
    if (size > left) {
      if (block.type === 'text') kept.push({ type: 'text', text: block.text.slice(0, left) })
      return { kept, cut: true }
    }
    left -= size
    kept.push(block)
  }
  return { kept, cut: false }
}

function blockText(block: ScriptedBlock): string {
  return block.type === 'call' ? JSON.stringify(block.input) : block.text
}

/** As with a provider that caches prompts: what was there the turn before is read from the cache, the rest is fresh. */
function scriptedUsage({ bytes, answered, latest }: ScriptedRequest, blocks: readonly ScriptedBlock[]): ScriptedUsage {
  const total = countTokens(bytes.length)
  const fresh = Math.min(total, countTokens(Buffer.byteLength(JSON.stringify(latest))))
  const written = (some: readonly ScriptedBlock[]): number =>
    countTokens(Buffer.byteLength(some.map(blockText).join('')))
  return {
    fresh,
    cacheRead: answered ? total - fresh : 0,
    cacheWrite: answered ? 0 : total - fresh,
    written: Math.max(1, written(blocks)),
    thinking: written(blocks.filter((block) => block.type === 'thinking')),
  }
}

import { createHash } from 'node:crypto'

/**
 * What the scripted provider says: a pure function of the request. It follows the one loop that every coding agent
 * runs, so that a session through it has all that a session can have: a prompt is thought about and answered with a
 * harmless command, if the client offers a tool that runs commands; the result of that command is answered with a text
 * that cites it. Every text says that no model was asked.
 */
export interface ScriptedAnswer {
  readonly id: string
  readonly model: string
  readonly blocks: readonly ScriptedBlock[]
  readonly stopReason: 'end_turn' | 'tool_use' | 'max_tokens'
  readonly usage: ScriptedUsage
}

export type ScriptedBlock =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: Record<string, unknown> }

export interface ScriptedUsage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly output_tokens: number
}

type Json = Readonly<Record<string, unknown>>

const label = 'Scripted answer from Reeve; no model was asked.'
const signature = Buffer.from('scripted by reeve').toString('base64')
const excerptCharsMax = 400

/** @param body the request as it came, already known to be an object with a model and messages */
export function scriptedAnswer(body: Json, bytes: Uint8Array): ScriptedAnswer {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 24)
  const { earlier, latest } = splitTurn(messagesOf(body))
  const blocks = limitTokens(scriptedBlocks(body, latest, digest), body['max_tokens'])
  return {
    id: `msg_scripted_${digest}`,
    model: String(body['model']),
    blocks: blocks.kept,
    stopReason: blocks.cut
      ? 'max_tokens'
      : blocks.kept.some((block) => block.type === 'tool_use')
        ? 'tool_use'
        : 'end_turn',
    usage: scriptedUsage(bytes.length, earlier, latest, blocks.kept),
  }
}

/** Four bytes a token: the right order of magnitude, and the same every time. */
export function countTokens(bytes: number): number {
  return Math.ceil(bytes / 4)
}

function scriptedBlocks(body: Json, latest: readonly Json[], digest: string): ScriptedBlock[] {
  const schema = answerSchema(body)
  if (schema !== null) return [{ type: 'text', text: JSON.stringify(valueOf(schema, 'Scripted session')) }]
  const result = lastToolResult(latest)
  if (result !== null) {
    return [
      ...thoughts(body, 'The command has run. I will report what it printed.'),
      { type: 'text', text: report(result) },
    ]
  }
  const tool = commandTool(body)
  if (tool === null)
    return [
      ...thoughts(body, 'There is no tool to run; I will answer at once.'),
      { type: 'text', text: greeting(latest) },
    ]
  return [
    ...thoughts(body, 'I can show that the loop works by running a harmless command and reading what it prints.'),
    { type: 'text', text: `${label} I will run a harmless command to show the whole loop.` },
    { type: 'tool_use', id: `toolu_scripted_${digest}`, name: tool.name, input: commandInput(tool.schema) },
  ]
}

function thoughts(body: Json, thinking: string): ScriptedBlock[] {
  const asked = isObject(body['thinking']) && body['thinking']['type'] !== 'disabled'
  return asked ? [{ type: 'thinking', thinking: `${label} ${thinking}`, signature }] : []
}

function greeting(latest: readonly Json[]): string {
  const prompt = latest.flatMap(textsOf).at(-1) ?? ''
  return `${label} You wrote: ${excerpt(prompt)}`
}

function report(result: string): string {
  return `${label} The command printed: ${excerpt(result)}`
}

function excerpt(text: string): string {
  const trimmed = text.trim()
  return trimmed.length > excerptCharsMax ? `${trimmed.slice(0, excerptCharsMax)} …` : trimmed
}

/** The messages up to the last answer, and what the client has added since. */
function splitTurn(messages: readonly Json[]): { earlier: readonly Json[]; latest: readonly Json[] } {
  const answered = messages.findLastIndex((message) => message['role'] === 'assistant')
  return { earlier: messages.slice(0, answered + 1), latest: messages.slice(answered + 1) }
}

function messagesOf(body: Json): Json[] {
  const messages = body['messages']
  return Array.isArray(messages) ? messages.filter(isObject) : []
}

function textsOf(message: Json): string[] {
  const content = message['content']
  if (message['role'] !== 'user') return []
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return []
  return content.filter(isObject).flatMap((block) => (typeof block['text'] === 'string' ? [block['text']] : []))
}

function lastToolResult(latest: readonly Json[]): string | null {
  const results = latest
    .flatMap((message) => (Array.isArray(message['content']) ? message['content'] : []))
    .filter(isObject)
    .filter((block) => block['type'] === 'tool_result')
  const last = results.at(-1)
  if (last === undefined) return null
  const content = last['content']
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .filter(isObject)
    .map((block) => (typeof block['text'] === 'string' ? block['text'] : ''))
    .join('\n')
}

function commandTool(body: Json): { name: string; schema: Json } | null {
  const choice = body['tool_choice']
  if (isObject(choice) && choice['type'] === 'none') return null
  const tools = Array.isArray(body['tools']) ? body['tools'].filter(isObject) : []
  for (const tool of tools) {
    const name = tool['name']
    const schema = tool['input_schema']
    if (typeof name !== 'string' || !isObject(schema)) continue
    if (/bash|shell|exec|command|terminal/i.test(name) && commandProperty(schema) !== null) return { name, schema }
  }
  return null
}

function commandProperty(schema: Json): string | null {
  const properties = isObject(schema['properties']) ? Object.keys(schema['properties']) : []
  return properties.find((name) => name === 'command' || name === 'cmd') ?? null
}

function commandInput(schema: Json): Record<string, unknown> {
  const input = valueOf(schema, 'Print a greeting')
  const command = commandProperty(schema)
  return { ...(isObject(input) ? input : {}), [command ?? 'command']: "printf 'hello from reeve'" }
}

function answerSchema(body: Json): Json | null {
  const config = body['output_config']
  const format = isObject(config) ? config['format'] : null
  return isObject(format) && isObject(format['schema']) ? format['schema'] : null
}

/** The smallest value that a JSON schema's required parts allow. */
function valueOf(schema: Json, text: string, depth = 0): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  switch (schema['type']) {
    case 'object': {
      const properties = isObject(schema['properties']) ? schema['properties'] : {}
      const required = Array.isArray(schema['required']) ? schema['required'] : []
      if (depth > 8) return {}
      return Object.fromEntries(
        Object.entries(properties)
          .filter(([name, value]) => required.includes(name) && isObject(value))
          .map(([name, value]) => [name, valueOf(isObject(value) ? value : {}, text, depth + 1)]),
      )
    }
    case 'array':
      return []
    case 'number':
    case 'integer':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0
    case 'boolean':
      return false
    default:
      return text
  }
}

/** Cuts where a provider would, when the client allows fewer tokens than the script has. */
function limitTokens(blocks: readonly ScriptedBlock[], maxTokens: unknown): { kept: ScriptedBlock[]; cut: boolean } {
  let left = (typeof maxTokens === 'number' && maxTokens > 0 ? maxTokens : 4096) * 4
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
  if (block.type === 'thinking') return block.thinking
  return block.type === 'text' ? block.text : JSON.stringify(block.input)
}

/** As with a provider that caches prompts: what was there the turn before is read from the cache, the rest is fresh. */
function scriptedUsage(
  bodyBytes: number,
  earlier: readonly Json[],
  latest: readonly Json[],
  blocks: readonly ScriptedBlock[],
): ScriptedUsage {
  const total = countTokens(bodyBytes)
  const fresh = Math.min(total, countTokens(Buffer.byteLength(JSON.stringify(latest))))
  const known = earlier.length > 0
  return {
    input_tokens: fresh,
    cache_creation_input_tokens: known ? 0 : total - fresh,
    cache_read_input_tokens: known ? total - fresh : 0,
    output_tokens: Math.max(1, countTokens(Buffer.byteLength(blocks.map(blockText).join('')))),
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

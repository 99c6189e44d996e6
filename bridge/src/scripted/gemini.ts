import {
  countTokens,
  pieces,
  type ScriptedAnswer,
  scriptedAnswer,
  type ScriptedBlock,
  type ScriptedRequest,
} from './script.ts'
import { describeModel, type Posted, type Speaker } from './speaker.ts'
import { commandTool, isObject, type Json, objectsOf, splitTurn } from './tools.ts'

/** Gemini's generateContent: the model is in the path, and so is whether the answer is streamed. */

const called = /^\/v1(?:alpha|beta|beta1)?\/(?:publishers\/google\/)?models\/([^/:]+):(\w+)$/

export const geminiSpeaker: Speaker = {
  prefix: '/gemini',
  post(path, query) {
    const [, model = '', method = ''] = called.exec(path) ?? []
    if (method === 'generateContent') return contents(model, false)
    if (method === 'streamGenerateContent') return contents(model, true, query.get('alt') === 'sse')
    if (method === 'countTokens') return (_, bytes) => ({ json: { totalTokens: countTokens(bytes.length) } })
    return null
  },
  modelsPath: /^\/v1(?:alpha|beta|beta1)?\/(?:publishers\/google\/)?models(?:\/([^/:]+))?$/,
  models: (ids) => ({ models: ids.map(presentModel) }),
  model: presentModel,
  error: (status, message) => ({
    error: { code: status, message, status: status === 404 ? 'NOT_FOUND' : 'INVALID_ARGUMENT' },
  }),
}

function presentModel(id: string): object {
  return {
    name: `models/${id}`,
    displayName: describeModel(id),
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
  }
}

const contents =
  (model: string, streams: boolean, asEvents = false): Posted =>
  (body, bytes) => {
    if (!Array.isArray(body['contents'])) return 'contents: a list is required'
    const answer = scriptedAnswer(readContents(model, body, bytes))
    const id = answer.digest
    if (!streams) return { json: piece(answer, answer.blocks.map(partOf), true), id }
    const parts = [...streamPieces(answer)]
    if (asEvents) return { events: parts.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`), id }
    return { events: listOf(parts), contentType: 'application/json; charset=UTF-8', id }
  }

function readContents(model: string, body: Json, bytes: Uint8Array): ScriptedRequest {
  const { answered, latest } = splitTurn(objectsOf(body['contents']), (item) => item['role'] === 'model')
  const parts = latest.flatMap((item) => objectsOf(item['parts']))
  const result = parts.findLast((part) => isObject(part['functionResponse']))?.['functionResponse']
  const config = isObject(body['generationConfig']) ? body['generationConfig'] : {}
  const schema = config['responseJsonSchema'] ?? config['responseSchema']
  const thinking = config['thinkingConfig']
  const functions = objectsOf(body['tools']).flatMap((tool) => objectsOf(tool['functionDeclarations']))
  const offered = functions.map((one) => ({
    name: one['name'],
    schema: one['parametersJsonSchema'] ?? one['parameters'],
  }))
  return {
    model,
    bytes,
    answered,
    latest,
    prompt: String(parts.findLast((part) => typeof part['text'] === 'string')?.['text'] ?? ''),
    result: isObject(result) ? resultText(result['response']) : null,
    tool: commandTool(offered),
    schema: isObject(schema) ? schema : null,
    thinks: isObject(thinking) && thinking['includeThoughts'] === true,
    tokensMax: config['maxOutputTokens'],
  }
}

function resultText(response: unknown): string {
  const said = isObject(response)
    ? (response['output'] ?? response['result'] ?? response['error'] ?? response)
    : response
  return typeof said === 'string' ? said : (JSON.stringify(said) ?? '')
}

function partOf(block: ScriptedBlock): object {
  switch (block.type) {
    case 'thinking':
      return { text: block.text, thought: true }
    case 'text':
      return { text: block.text }
    case 'call':
      return { functionCall: { name: block.tool.name, args: block.input } }
  }
}

function piece(answer: ScriptedAnswer, parts: readonly object[], isLast: boolean): object {
  const { usage } = answer
  const read = usage.fresh + usage.cacheRead + usage.cacheWrite
  const end = isLast ? { finishReason: answer.end === 'cut' ? 'MAX_TOKENS' : 'STOP' } : {}
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...end }],
    modelVersion: answer.model,
    responseId: `scripted-${answer.digest}`,
    ...(isLast && {
      usageMetadata: {
        promptTokenCount: read,
        cachedContentTokenCount: usage.cacheRead,
        candidatesTokenCount: usage.written - usage.thinking,
        thoughtsTokenCount: usage.thinking,
        totalTokenCount: read + usage.written,
      },
    }),
  }
}

/** Text comes in pieces; a call comes whole, as from Gemini, and with it the end. */
function* streamPieces(answer: ScriptedAnswer): Generator<object> {
  const parts = answer.blocks.flatMap((block): object[] =>
    block.type === 'call' ? [partOf(block)] : pieces(block.text).map((text) => partOf({ ...block, text })),
  )
  for (const part of parts.slice(0, -1)) yield piece(answer, [part], false)
  yield piece(answer, parts.slice(-1), true)
}

function* listOf(parts: readonly object[]): Generator<string> {
  for (const [index, part] of parts.entries()) yield `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(part)}`
  yield ']'
}

import type { BodyPatch, Edit } from '../../edits.ts'
import type { AskedRequest, SentRequest, Translation } from '../../translation.ts'
import { memberOf, valueAt } from '../../wire/body.ts'
import { objectOf } from '../../wire/json.ts'
import type { Refusal } from '../../wire/wire-format.ts'
import type { Capability } from '../messages-elsewhere/capability.ts'
import { type ModelRule, modelAt, plainModel } from '../messages-elsewhere/models.ts'
import { betasOf, translateBody } from '../messages-elsewhere/translate-body.ts'
import { builtIn } from './default-capabilities.ts'
import { defaultModels } from './default-models.ts'
import { countedAnswer, messagesAnswer } from './translate-answer.ts'

/** What an administrator says beyond the built-in tables. */
export interface BedrockTables {
  readonly models: readonly ModelRule[]
  readonly capabilities: readonly Capability[]
}

/** Anthropic's `POST /v1/messages` as Amazon Bedrock's InvokeModel, and its events out of Amazon's frames. */
export function bedrockMessages(tables: BedrockTables): Translation {
  return {
    request(asked) {
      const model = modelOf(asked, tables)
      if (typeof model !== 'string') return model
      const method = asked.streaming ? 'invoke-with-response-stream' : 'invoke'
      return sent(model, method, { edits: editsFor(asked, model, tables), around: null })
    },
    answer: messagesAnswer,
  }
}

/** Anthropic's `POST /v1/messages/count_tokens` as Bedrock's CountTokens, which knows models and no inference profiles. */
export function bedrockCountTokens(tables: BedrockTables): Translation {
  return {
    request(asked) {
      const model = modelOf(asked, tables)
      if (typeof model !== 'string') return model
      const edits = withMaxTokens(asked, editsFor(asked, model, tables))
      const around = { before: '{"input":{"invokeModel":{"body":"', after: '"}}}' }
      return sent(model.replace(regionOfProfile, ''), 'count-tokens', { edits, around })
    },
    answer: countedAnswer,
  }
}

const version = 'bedrock-2023-05-31'
const regionOfProfile = /^(?:global|us|us-gov|eu|apac|jp|au|ca)\.(?=anthropic\.)/

/** Headers that say what stands in the body now, or what only Anthropic's own address wants to know. */
const leftOut = ['anthropic-beta', 'anthropic-version', 'anthropic-dangerous-direct-browser-access']

const sent = (model: string, method: string, patch: BodyPatch): SentRequest => {
  return { path: `/model/${encodeURIComponent(model)}/${method}`, patch, leftOut, added: [] }
}

function editsFor({ body, scan, headers }: AskedRequest, model: string, { capabilities }: BedrockTables) {
  const places = { betasIn: 'body', modelIn: 'path', inPath: ['stream'] } as const
  const target = { model, version, ...places, rows: capabilities, builtIn }
  return translateBody(body, scan, betasOf(headers), target).edits
}

/** Clients that count need not say how long the answer may be. Amazon wants to know, and that it exceeds the thoughts. */
function withMaxTokens({ body, scan }: AskedRequest, edits: readonly Edit[]): readonly Edit[] {
  const [front, ...others] = edits
  if (front === undefined || memberOf(scan, 'max_tokens') !== null) return edits
  const { budget_tokens } = objectOf(valueAt(body, memberOf(scan, 'thinking')))
  const maxTokens = (typeof budget_tokens === 'number' ? Math.max(0, budget_tokens) : 0) + 1
  return [{ ...front, text: `"max_tokens":${maxTokens},${front.text}` }, ...others]
}

function modelOf({ model: asked }: AskedRequest, { models }: BedrockTables): string | Refusal {
  if (asked === '') return { reason: 'invalid', message: 'The body names no model.' }
  const model = modelAt(asked, [...models, ...defaultModels])
  return plainModel.test(model)
    ? model
    : { reason: 'not_found', message: `Amazon Bedrock has no model that is called ${asked}.` }
}

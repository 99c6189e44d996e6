import type { AskedRequest, SentRequest, Translation } from '../../translation.ts'
import { gemini } from '../../wire/gemini/gemini.ts'
import type { Refusal } from '../../wire/wire-format.ts'
import type { Capability } from '../messages-elsewhere/capability.ts'
import { type ModelRule, modelAt, plainModel } from '../messages-elsewhere/models.ts'
import { betasOf, translateBody } from '../messages-elsewhere/translate-body.ts'
import { translatedAnswer, untouched } from '../messages-elsewhere/translated-answer.ts'
import { builtIn } from './default-capabilities.ts'
import { defaultModels } from './default-models.ts'

/** Whose models are asked, and what an administrator says beyond the built-in tables. */
export interface VertexTarget {
  /** Null where none is set: then nobody can be asked. */
  readonly project: string | null
  readonly location: string
  readonly models: readonly ModelRule[]
  readonly capabilities: readonly Capability[]
}

/** Anthropic's `POST /v1/messages`, and the count of its tokens, in the paths that Vertex AI has for them. */
export function vertexMessages(target: VertexTarget, what: 'messages' | 'count_tokens'): Translation {
  return {
    request: (asked) => requestFor(asked, target, what),
    answer: (to, limits) => translatedAnswer(to, limits, said),
  }
}

/** Streams and whole answers are Anthropic's own; errors may be Google's. */
const said = {
  body: () => untouched,
  status: (status: number) => status,
  requestId: () => null,
  readError: gemini.readError,
} as const

const version = 'vertex-2023-10-16'
const leftOut = ['anthropic-beta', 'anthropic-version', 'anthropic-dangerous-direct-browser-access']

function requestFor(
  { model: asked, body, scan, streaming, headers }: AskedRequest,
  { project, location, models, capabilities }: VertexTarget,
  what: 'messages' | 'count_tokens',
): SentRequest | Refusal {
  if (project === null) return noProject
  if (asked === '') return { reason: 'invalid', message: 'The body names no model.' }
  const model = modelAt(asked, [...models, ...defaultModels])
  if (!plainModel.test(model) || model.includes('/') || model.includes(':'))
    return { reason: 'not_found', message: `Vertex AI has no model that is called ${asked}.` }
  const counts = what === 'count_tokens'
  const { edits, betas } = translateBody(body, scan, betasOf(headers), {
    model,
    version,
    betasIn: 'header',
    // A count names its model in the body, which is what Vertex AI calls it.
    modelIn: counts ? 'body' : 'path',
    inPath: [],
    rows: capabilities,
    builtIn,
  })
  const method = counts ? 'count-tokens:rawPredict' : `${model}:${streaming ? 'streamRawPredict' : 'rawPredict'}`
  return {
    path: `/v1/projects/${project}/locations/${location}/publishers/anthropic/models/${method}`,
    patch: { edits, around: null },
    leftOut,
    added: betas.length === 0 ? [] : ['anthropic-beta', betas.join(',')],
  }
}

const noProject: Refusal = {
  reason: 'not_found',
  message: 'This provider has no project in which Anthropic’s models are asked: an administrator has to set one.',
}

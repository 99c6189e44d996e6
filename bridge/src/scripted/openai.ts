import { countTokens } from './script.ts'
import { chatCompletion } from './openai-chat.ts'
import { response } from './openai-responses.ts'
import type { Posted, Speaker } from './speaker.ts'

/** The OpenAI API: Chat Completions and Responses. */
export const openaiSpeaker: Speaker = {
  prefix: '/openai',
  post(path) {
    if (path === '/v1/chat/completions') return withModel(chatCompletion)
    if (path === '/v1/responses') return withModel(response)
    if (path === '/v1/responses/input_tokens')
      return withModel((_, bytes) => ({
        json: { object: 'response.input_tokens', input_tokens: countTokens(bytes.length) },
      }))
    return null
  },
  modelsPath: /^\/v1\/models(?:\/(.+))?$/,
  models: (ids) => ({ object: 'list', data: ids.map(presentModel) }),
  model: presentModel,
  error: (status, message) => ({
    error: {
      message,
      type: status === 404 ? 'not_found_error' : 'invalid_request_error',
      param: null,
      code: null,
    },
  }),
}

const withModel =
  (posted: Posted): Posted =>
  (body, bytes) =>
    typeof body['model'] === 'string' ? posted(body, bytes) : 'model: a string is required'

function presentModel(id: string): object {
  return { id, object: 'model', created: 1_793_491_200, owned_by: 'reeve, a script and not a model' }
}

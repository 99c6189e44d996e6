import { anthropicMessages } from '../anthropic-messages/anthropic-messages.ts'
import { modelName } from '../json.ts'
import type { WireFormat } from '../wire-format.ts'
import { errorAnswer, errorFrame, readError } from './errors.ts'
import { asEvents } from './events.ts'
import { watchTerminal } from './terminal.ts'
import { bedrockToolCalls } from './tool-calls.ts'

const asked = /^\/model\/([^/]+)\/(.+)$/

/**
 * Amazon Bedrock's InvokeModel: a body of the Messages API, whose model and kind of answer stand in the path, and streams
 * of that API's events in frames.
 */
export const bedrock: WireFormat = {
  ...anthropicMessages,
  requestFacts(body, scan, path) {
    const [, model = '', method] = asked.exec(path) ?? []
    return {
      ...anthropicMessages.requestFacts(body, scan, path),
      model: modelName(model.replace(/%2f/gi, '/')),
      streaming: method === 'invoke-with-response-stream',
    }
  },
  refusal: errorAnswer,
  streamError: errorFrame,
  watchTerminal,
  readError,
  toolCalls: bedrockToolCalls,
  framed: { contentType: 'application/vnd.amazon.eventstream', asEvents },
}

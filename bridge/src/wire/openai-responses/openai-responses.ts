import { errorAnswer, readError } from '../openai/errors.ts'
import { requestFacts } from '../openai/request-facts.ts'
import type { WireFormat } from '../wire-format.ts'
import { errorEvents } from './errors.ts'
import { beginning, scanBody } from './scan-body.ts'
import { responsesSocket } from './socket.ts'
import { storedResponses } from './stored.ts'
import { watchTerminal } from './terminal.ts'
import { responsesToolCalls } from './tool-calls.ts'

/** OpenAI's Responses API. */
export const openaiResponses: WireFormat = {
  scan: scanBody,
  requestFacts,
  beginning,
  refusal: errorAnswer,
  streamError: errorEvents,
  watchTerminal,
  readError,
  toolCalls: responsesToolCalls,
  stored: storedResponses,
  socket: responsesSocket,
}

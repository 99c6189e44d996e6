import { errorAnswer, readError } from '../openai/errors.ts'
import { requestFacts } from '../openai/request-facts.ts'
import type { WireFormat } from '../wire-format.ts'
import { errorEvent } from './errors.ts'
import { beginning, scanBody } from './scan-body.ts'
import { watchTerminal } from './terminal.ts'
import { chatToolCalls } from './tool-calls.ts'

/** OpenAI's Chat Completions API, as OpenAI and the many servers that imitate it speak it. */
export const openaiChat: WireFormat = {
  scan: scanBody,
  requestFacts,
  beginning,
  refusal: errorAnswer,
  streamError: errorEvent,
  watchTerminal,
  readError,
  toolCalls: chatToolCalls,
}

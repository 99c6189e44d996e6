import type { WireFormat } from '../wire-format.ts'
import { errorAnswer, errorEvent, readError } from './errors.ts'
import { beginning, requestFacts, scanBody } from './scan-body.ts'
import { watchTerminal } from './terminal.ts'
import { geminiToolCalls } from './tool-calls.ts'

/** Google's generateContent and streamGenerateContent (ai.google.dev, v1beta; Vertex AI, v1). */
export const gemini: WireFormat = {
  scan: scanBody,
  requestFacts,
  beginning,
  refusal: errorAnswer,
  streamError: errorEvent,
  watchTerminal,
  readError,
  toolCalls: geminiToolCalls,
}

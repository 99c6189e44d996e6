import type { WireFormat } from '../wire-format.ts'
import { errorAnswer, errorEvent, readError } from './errors.ts'
import { beginning, requestFacts, scanBody } from './scan-body.ts'
import { watchTerminal } from './terminal.ts'
import { anthropicToolCalls } from './tool-calls.ts'

/** Anthropic's Messages API (docs.anthropic.com, version 2023-06-01 and later). */
export const anthropicMessages: WireFormat = {
  scan: scanBody,
  requestFacts,
  beginning,
  refusal: errorAnswer,
  streamError: errorEvent,
  watchTerminal,
  readError,
  toolCalls: anthropicToolCalls,
}

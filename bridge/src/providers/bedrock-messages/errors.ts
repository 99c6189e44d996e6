import type { WireError } from '../../wire/wire-format.ts'

/** That a model failed has a status at Amazon on which nobody asks again. */
const modelFailed = 424

export const statusFor = (status: number): number => (status === modelFailed ? 500 : status)

/** What an exception in a stream is to Anthropic's clients. */
const typeOfException: Readonly<Record<string, string>> = {
  throttlingException: 'rate_limit_error',
  serviceUnavailableException: 'overloaded_error',
  modelTimeoutException: 'timeout_error',
  validationException: 'invalid_request_error',
}

/** The event that an exception in a stream becomes: one that ends it. */
export function errorEvent({ type, message }: WireError): Buffer {
  const error = { type: typeOfException[type] ?? 'api_error', message }
  return Buffer.from(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`)
}

import type { ServerResponse } from 'node:http'
import type { Fault, FaultCode } from '@reeve/base'

const statuses: Readonly<Record<FaultCode, readonly [number, string]>> = {
  invalid: [422, 'Unprocessable Entity'],
  unauthenticated: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not Found'],
  conflict: [409, 'Conflict'],
  too_large: [413, 'Content Too Large'],
  limited: [429, 'Too Many Requests'],
  unavailable: [503, 'Service Unavailable'],
  upstream: [502, 'Bad Gateway'],
  timeout: [504, 'Gateway Timeout'],
  internal: [500, 'Internal Server Error'],
}

export function answerJson(response: ServerResponse, value: object): void {
  write(response, 200, 'application/json', value)
}

/** Says a fault as RFC 9457 has it. */
export function answerProblem(response: ServerResponse, fault: Fault): void {
  const [status, title] = statuses[fault.code]
  const errors = fault.problems.map(({ field, detail }) => ({ location: field, message: detail }))
  const detail = fault.fix === undefined ? fault.message : `${fault.message} ${fault.fix}`
  // What was not read of a body that is refused stands in the way of the next request.
  response.setHeader('connection', 'close')
  write(response, status, 'application/problem+json', { title, status, detail, errors })
}

function write(response: ServerResponse, status: number, type: string, value: object): void {
  if (response.headersSent) return void response.destroy()
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body)
}

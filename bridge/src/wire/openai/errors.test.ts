import { expect, test } from 'vitest'
import type { RefusalReason } from '../wire-format.ts'
import { errorAnswer, readError } from './errors.ts'

const statusOf = (reason: RefusalReason) => errorAnswer({ reason, message: 'no' }, null).status

test('what asking again cannot mend is a 400, which Codex gives up on at once; a missing credential stays a 401', () => {
  const hopeless = ['forbidden', 'invalid', 'too_large', 'unsupported_media_type'] as const
  expect(hopeless.map(statusOf)).toEqual([400, 400, 400, 400])
  expect((['unauthenticated', 'limited', 'unavailable', 'upstream_failed'] as const).map(statusOf)).toEqual([
    401, 429, 503, 502,
  ])
})

test('the interception’s id and the time to wait go along in the headers that clients know', () => {
  const { headers } = errorAnswer({ reason: 'limited', message: 'slow down', retryAfterSeconds: 7 }, 'id-1')
  expect(headers.join(' ')).toContain('retry-after 7 x-request-id id-1')
})

test('errors are read in every shape that servers of this API have for them', () => {
  const read = (body: unknown) => readError(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
  const quota = {
    message: 'You exceeded your quota.',
    type: 'insufficient_quota',
    param: null,
    code: 'insufficient_quota',
  }
  expect(read({ error: quota })).toEqual({ type: 'insufficient_quota', message: 'You exceeded your quota.' })
  expect(read({ error: { message: 'bad', type: 'invalid_request_error', code: null } }).type).toBe(
    'invalid_request_error',
  )
  expect(read({ error: { message: 'slow', code: 429 } })).toEqual({ type: '429', message: 'slow' })
  expect(read({ error: 'model not loaded' })).toEqual({ type: 'unknown', message: 'model not loaded' })
  expect(read({ detail: 'Not Found' })).toEqual({ type: 'unknown', message: 'Not Found' })
  expect(read({ object: 'error', message: 'too long', type: 'BadRequestError', code: 400 })).toEqual({
    type: '400',
    message: 'too long',
  })
  expect(read('<html>Bad Gateway</html>')).toEqual({ type: 'unknown', message: '<html>Bad Gateway</html>' })
  expect(read('')).toEqual({ type: 'unknown', message: '' })
})

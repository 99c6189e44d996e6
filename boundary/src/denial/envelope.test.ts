import { expect, test } from 'vitest'
import { denialAnswer, failureAnswer, statusOf } from './envelope.ts'

const facts = {
  method: 'POST',
  host: 'telemetry.test',
  denial: 'dny_01',
  policy: 'team-web@v14',
  reason: 'no-matching-rule',
  hint: null,
  canRequest: true,
} as const

test('the facts are the same, whatever is accepted', () => {
  const json = denialAnswer(facts, undefined)
  expect(json.headers).toMatchObject({ 'content-type': 'application/problem+json', 'x-reeve-denial': 'dny_01' })
  expect(JSON.parse(json.body)).toEqual({
    type: 'urn:reeve:denied:policy',
    title: 'Denied by network policy',
    detail: 'This is a policy decision, not a network fault. Retrying will not change it.',
    method: 'POST',
    host: 'telemetry.test',
    denial: 'dny_01',
    policy: 'team-web@v14',
    reason: 'no-matching-rule',
    can_request: true,
    help: 'A person can run: reeve explain dny_01',
  })
  const text = denialAnswer(facts, 'text/html,application/xhtml+xml,*/*;q=0.8')
  expect(text.headers['content-type']).toBe('text/plain; charset=utf-8')
  for (const said of ['telemetry.test', 'dny_01', 'no-matching-rule']) expect(text.body).toContain(said)
})

test('no answer asks to be tried again', () => {
  expect(['rule', 'too-large', 'name-mismatch', 'not-canonical'].map((reason) => statusOf(reason as never))).toEqual([
    403, 413, 421, 400,
  ])
  expect(denialAnswer(facts, undefined).headers).not.toHaveProperty('retry-after')
  expect(failureAnswer({ method: 'GET', host: 'a.test', reason: 'certificate-expired' }, undefined)).toMatchObject({
    status: 502,
    headers: { 'x-reeve-class': 'upstream' },
  })
})

test('who waits for approval is told so, and how it is seen, in another class than a denial', () => {
  const told = denialAnswer({ ...facts, reason: 'rule', canRequest: false, pending: true }, undefined)
  expect(told).toMatchObject({ status: 403, headers: { 'x-reeve-class': 'approval-pending' } })
  expect(JSON.parse(told.body)).toMatchObject({
    type: 'urn:reeve:denied:approval-pending',
    title: 'Waiting for approval',
    detail: expect.stringContaining('The same request is let through once it is approved'),
    help: 'A person can run: reeve explain dny_01',
  })
  expect(told.headers).not.toHaveProperty('retry-after')
})

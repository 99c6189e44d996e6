import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { silentLog, type Uuid } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registrationOf, testBoundary } from '../../test/support/boundary-lines.ts'
import { answerTurn } from '../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../test/support/upstream.ts'
import { type BoundaryCalls, openBoundaryCalls } from './boundaries/calls.ts'
import { type BoundaryWorld, boundaryWorld } from './boundaries/testing.ts'
import { testWorkspace, type TestWorkspace } from './boundaries/testing-workspaces.ts'
import { testGateway, type TestGateway } from './gateway/gateway-testing.ts'
import { bodyOf } from './gateway/testing.ts'

/** Tokens of workspaces at a gateway that knows boundaries, and boundaries that registered from where they run. */

let world: BoundaryWorld
let upstream: Upstream
let calls: BoundaryCalls
let gateway: TestGateway
let max: string
let billing: TestWorkspace
let other: TestWorkspace
let foreign: TestWorkspace

beforeAll(async () => {
  world = await boundaryWorld()
  upstream = await startUpstream()
  upstream.answer((seen) =>
    answerTurn(seen, { blocks: [{ type: 'text', text: 'hello' }], usage: { input_tokens: 5, output_tokens: 3 } }),
  )
  const { identity } = world
  await identity.owner()
  max = await identity.person('max')
  await identity.person('eve')
  billing = await testWorkspace(identity, { owner: 'max', name: 'billing', template: 'billing' })
  other = await testWorkspace(identity, { owner: 'max', name: 'other', template: 'other' })
  foreign = await testWorkspace(identity, { owner: 'eve', name: 'foreign', template: 'foreign' })
  calls = await openBoundaryCalls({ db: identity.db, accessUrl: null, clock: identity.clock, log: silentLog })
  gateway = await testGateway(identity.db, upstream.url, {}, { boundaries: calls })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await calls?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

interface Running {
  readonly id: Uuid
  readonly key: KeyObject
}

/** A boundary that is started with this token. */
async function begin(token: string): Promise<Running> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { clock } = world.identity
  const boundary = { ...testBoundary(clock), publicKey: publicKey.export({ format: 'jwk' }).x ?? '' }
  const body = registrationOf(boundary, clock)
  const made = await world.call('POST', '/api/v2/boundaries/sessions', { token, body })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  return { id: boundary.id, key: privateKey }
}

let seq = 0
function signed({ id, key }: Running, path: string): Record<string, string> {
  const time = String(world.identity.clock.now().getTime())
  const message = [id, ++seq, time, 'POST', '127.0.0.1', `/api/v2/aibridge${path}`].join('\n')
  return {
    'x-reeve-boundary-session': id,
    'x-reeve-boundary-sequence': String(seq),
    'x-reeve-boundary-time': time,
    'x-reeve-boundary-signature': sign(null, Buffer.from(message), key).toString('base64url'),
  }
}

const prompt = bodyOf([{ role: 'user', content: 'hello' }])

/** What a program in this boundary, or in none, is answered with this token. */
async function ask(token: string, from: Running | null, path = '/anthropic/v1/messages') {
  const headers = from === null ? {} : signed(from, path)
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: Buffer.from(prompt),
  })
  const text = await response.text()
  return { status: response.status, text, retry: response.headers.get('x-should-retry') }
}

test('a token of one workspace that the agent of another one uses is refused, counted and noted', async () => {
  const inOther = await begin(other.token)
  const inForeign = await begin(foreign.token)
  const before = upstream.seen.length
  for (const from of [inOther, inForeign]) {
    const answer = await ask(billing.gatewayToken, from)
    expect(answer).toMatchObject({ status: 403, retry: 'false' })
    expect(JSON.parse(answer.text)).toMatchObject({
      type: 'error',
      error: { type: 'permission_error', message: expect.stringContaining('belongs to another workspace') },
    })
  }
  // Codex would ask again after a 403.
  const openai = await ask(billing.gatewayToken, inOther, '/openai/v1/responses')
  expect([openai.status, JSON.parse(openai.text).error.message]).toEqual([
    400,
    expect.stringContaining('REEVE_GATEWAY_TOKEN'),
  ])
  expect(upstream.seen).toHaveLength(before)
  expect(await gateway.registry.metrics()).toContain('reeve_gateway_refused_total{reason="other_workspace"} 3')
  // Once a minute for an address and a key: what comes first is there in any case.
  const audited = (await world.identity.audit()).find(({ action }) => action === 'call_model')
  expect(audited).toMatchObject({
    resource_type: 'api_key',
    resource_target: 'workspace',
    outcome: 'refused',
    diff: { reason: { old: null, new: 'other_workspace' }, boundary_session_id: { old: null, new: inOther.id } },
  })
})

test('it passes where it belongs, and where nobody knows that it does not', async () => {
  const inBilling = await begin(billing.token)
  expect(await ask(billing.gatewayToken, inBilling)).toMatchObject({ status: 200 })
  // A token that is bound to no workspace may be used in any.
  expect(await ask(max, inBilling)).toMatchObject({ status: 200 })
  expect(await ask(billing.gatewayToken, null)).toMatchObject({ status: 200 })
  // Started by somebody who signed in: perhaps in the terminal of this very workspace.
  expect(await ask(billing.gatewayToken, await begin(max))).toMatchObject({ status: 200 })
  // Whoever names a boundary without its key proves nothing of where he is.
  const forged = { id: (await begin(other.token)).id, key: generateKeyPairSync('ed25519').privateKey }
  expect(await ask(billing.gatewayToken, forged)).toMatchObject({ status: 200 })
})

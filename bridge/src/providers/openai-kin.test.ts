import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { scanBody } from '../wire/openai-chat/scan-body.ts'
import { routeRequest } from '../routes.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { azureProvider } from './azure.ts'
import { providerPromises } from './conformance.ts'
import { copilotProvider } from './copilot.ts'
import { oneKey, type Provider } from './provider.ts'

const azure = azureProvider({
  name: 'azure',
  baseUrl: 'https://my-resource.openai.azure.com/openai/v1',
  keys: oneKey(new Secret('azure-0123456789')),
})
const copilot = copilotProvider({ name: 'copilot', baseUrl: 'https://api.business.githubcopilot.com', keys: [] })
const body = Buffer.from('{"messages":[],"model":"gpt-5.5","stream":true}')
const stream = fixturesOf('openai-chat').find(({ name }) => name === 'parallel-tools')!.bytes

for (const { promise, check } of providerPromises) {
  test(`azure: ${promise}`, () =>
    check(azure, { stream, body, model: 'my-gpt', path: '/openai/deployments/my-gpt/chat/completions' }))
  test(`copilot: ${promise}`, () => check(copilot, { stream, body, model: 'gpt-5.5', path: '/chat/completions' }))
}

const routed = (provider: Provider, method: string, path: string) => {
  const found = routeRequest(provider, method, path)
  return found === null ? null : [found.route.kind, found.pathAndQuery]
}

test('azure: paths of its own and of OpenAI’s clients lead to the same place', () => {
  for (const path of ['/openai/v1/chat/completions', '/v1/chat/completions', '/chat/completions']) {
    expect(routed(azure, 'POST', path), path).toEqual(['chat_completions', '/openai/v1/chat/completions'])
  }
  expect(routed(azure, 'POST', '/openai/deployments/my-gpt/chat/completions?api-version=2025-04-01')).toEqual([
    'chat_completions',
    '/openai/deployments/my-gpt/chat/completions?api-version=2025-04-01',
  ])
  expect(routed(azure, 'POST', '/openai/responses?api-version=2025-04-01')?.[0]).toBe('responses')
  expect(routed(azure, 'GET', '/openai/v1/models')).toEqual(['models', '/openai/v1/models'])
  for (const path of ['/openai/deployments', '/openai/deployments/a/b/chat/completions', '/openai/files', '/openai']) {
    expect(routed(azure, 'POST', path), path).toBeNull()
  }
})

test('azure: the deployment is the model, whatever the body says, and the key has a header of its own', () => {
  const scanned = scanBody(body)
  const { route } = routeRequest(azure, 'POST', '/openai/deployments/my-gpt/chat/completions')!
  expect(
    scanned.ok && route.wire.requestFacts(body, scanned.scan, '/openai/deployments/my-gpt/chat/completions').model,
  ).toBe('my-gpt')
  const long = `/openai/deployments/${'x'.repeat(9_000)}/chat/completions`
  expect(scanned.ok && route.wire.requestFacts(body, scanned.scan, long).model).toBe('x'.repeat(200))
  expect(azure.authorization(new Secret('k'))).toEqual(['api-key', 'k'])
})

test('copilot: three formats under one roof, agents and MCP servers beside them', () => {
  expect(routed(copilot, 'POST', '/chat/completions')).toEqual(['chat_completions', '/chat/completions'])
  expect(routed(copilot, 'POST', '/responses')).toEqual(['responses', '/responses'])
  expect(routed(copilot, 'POST', '/v1/messages')).toEqual(['messages', '/v1/messages'])
  expect(routed(copilot, 'GET', '/models')).toEqual(['models', '/models'])
  expect(routed(copilot, 'GET', '/agents/sessions')).toEqual(['passthrough', '/agents/sessions'])
  expect(routed(copilot, 'POST', '/mcp/readonly')).toEqual(['passthrough', '/mcp/readonly'])
  for (const path of ['/user', '/mcpx', '/agents/../admin']) expect(routed(copilot, 'GET', path), path).toBeNull()
})

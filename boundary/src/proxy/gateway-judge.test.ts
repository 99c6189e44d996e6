import { systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { gatewayJudge, gatewayPlaces, portsOfThisMachine } from './gateway-judge.ts'
import { policyJudge } from './policy-judge.ts'
import { textInForce } from './testing.ts'

const paths = ['/api/v2/aibridge/**']
const places = [{ host: '127.0.0.1', port: 3000, paths }]

function judged(rules: string, host: string, path: string, port = 3000) {
  const text = `apiVersion: reeve/v1\nname: one\nnetwork: { rules: [${rules}] }\n`
  const judge = gatewayJudge(policyJudge(textInForce(text), systemClock), () => places)
  const request = { method: 'POST', scheme: 'http', host, port, path, exes: [] } as const
  const { passes, decision } = judge.request(request)
  return [
    passes,
    decision.rule,
    decision.deniedClasses.includes('loopback'),
    decision.deniedClasses.includes('metadata'),
  ]
}

test('the gateway is open without a rule, at its paths and its port, and nothing beside it', () => {
  expect(judged('', '127.0.0.1', '/api/v2/aibridge/anthropic/v1/messages')).toEqual([true, 'gateway', false, true])
  expect(judged('', 'localhost', '/api/v2/aibridge/x')).toEqual([true, 'gateway', false, true])
  expect(judged('', '127.0.0.1', '/api/v2/users')).toEqual([false, 'default', true, true])
  expect(judged('', '127.0.0.1', '/api/v2/aibridge/x', 3001)).toEqual([false, 'default', true, true])
  expect(judged('', 'evil.test', '/api/v2/aibridge/x')).toEqual([false, 'default', true, true])
})

test('a rule that denies the gateway holds, and one that allows it names itself', () => {
  const path = '/api/v2/aibridge/x'
  expect(judged('{ id: none, effect: deny, host: 127.0.0.1 }', '127.0.0.1', path)).toEqual([false, 'none', true, true])
  expect(judged('{ id: own, host: 127.0.0.1, ports: [3000] }', '127.0.0.1', path)).toEqual([true, 'own', false, true])
})

test('the gateway is where this machine signed in, too', () => {
  const named = [{ host: 'reeve.example.com', port: 443, paths }]
  expect(gatewayPlaces(named, 'http://[::1]:3000')).toEqual([...named, { host: '::1', port: 3000, paths }])
  expect(gatewayPlaces([], 'http://[::1]:3000')).toEqual([])
  expect(portsOfThisMachine(named, 'http://localhost')).toEqual([80])
  expect(portsOfThisMachine(named, 'https://reeve.example.com')).toEqual([])
})

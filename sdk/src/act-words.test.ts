import { expect, test } from 'vitest'
import { actDetail, actLine, actTarget, actVerb, reasonText } from './act-words.ts'

type Act = Parameters<typeof actLine>[0]

const nothing = { net: null, dns: null, file: null, exec: null, facts: null } as const
const net = {
  protocol: 'https',
  method: 'GET',
  url: 'https://api.github.com/user?all=1',
  host: 'api.github.com',
  port: 443,
  address: null,
  inspected: true,
  status: 200,
  bytes_up: 0,
  bytes_down: 0,
  duration_ms: null,
}
const raw = { ...net, protocol: 'tcp', method: null, url: null, port: 5432 }

test.each<[Act, verb: string, target: string, detail: string, line: string]>([
  [{ ...nothing, kind: 'net', net }, 'GET', 'api.github.com', '/user?all=1', 'GET https://api.github.com/user?all=1'],
  [{ ...nothing, kind: 'net', net: raw }, 'tcp', 'api.github.com:5432', '', 'tcp api.github.com:5432'],
  [
    { ...nothing, kind: 'dns', dns: { name: 'example.com', type: 'AAAA', count: 1 } },
    'DNS AAAA',
    'example.com',
    '',
    'DNS AAAA example.com',
  ],
  [
    { ...nothing, kind: 'exec', exec: { path: '/usr/bin/git', argv: ['git', 'push'], cwd: '/' } },
    'run',
    '/usr/bin/git',
    'git push',
    'run git push',
  ],
  [
    { ...nothing, kind: 'file', file: { op: 'write', path: '/etc/hosts', count: 1 } },
    'write',
    '/etc/hosts',
    '',
    'write /etc/hosts',
  ],
  [{ ...nothing, kind: 'call', facts: { call: 'mount' } }, 'call', 'mount', '', 'call mount'],
  [{ ...nothing, kind: 'end', facts: { unsent: 0, tier: 2 } }, 'end', 'end', 'unsent 0, tier 2', 'end end'],
])('%o', (act, ...words) => {
  expect([actVerb(act), actTarget(act), actDetail(act), actLine(act)]).toEqual(words)
})

test('a reason that this version does not know is shown as it came', () => {
  expect([reasonText('rule'), reasonText('of-tomorrow'), reasonText(null)]).toEqual([
    'a rule says so',
    'of-tomorrow',
    '',
  ])
})

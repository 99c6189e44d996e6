import { expect, test } from 'vitest'
import { requestOfUrl, isRefusal } from './canonical.ts'
import { compilePolicy } from './compile.ts'
import { decideExecution } from './commands.ts'
import { explainRequest } from './explain.ts'
import { lintPolicy } from './lint.ts'
import { narrowestRule } from './narrowest.ts'
import { runTests } from './run-tests.ts'
import { splitCommand } from './command-pattern.ts'
import { compiled, document, effect, noon } from './testing.ts'

test('an explanation names the first thing in which each rule differs, the closest first', () => {
  const policy = compiled(`
network:
  rules:
    - { id: other, host: b.test }
    - { id: port, host: a.test, ports: [8443] }
    - { id: method, host: a.test, http: { methods: [POST], paths: ["/v1/*"] } }
    - { id: path, host: a.test, http: { methods: [GET], paths: ["/v2/*"] } }
    - { id: process, host: a.test, when: { exe: [/usr/bin/git] } }
    - { id: expired, host: a.test, expires: "2020-01-01T00:00:00Z" }
`)
  const request = requestOfUrl('GET', 'https://a.test/v1/x')
  if (isRefusal(request)) throw new Error(request.message)
  const { decision, checked } = explainRequest(policy, request, noon)
  expect(decision).toMatchObject({ effect: 'deny', rule: 'default' })
  expect(checked.map(({ rule, differs }) => `${rule} ${differs}`)).toEqual([
    'expired expired',
    'process process',
    'path path',
    'method method',
    'port port',
    'other host',
  ])
})

test('a test that does not hold names what was decided instead', () => {
  const outcomes = runTests(
    document(`
network:
  rules:
    - { id: read, host: a.test, http: { methods: [GET] } }
    - { id: ssh, tcp: true, host: git.test, ports: [22] }
commands: [{ id: force, effect: deny, argv: [git, push, { any: [-f] }] }]
tests:
  - { request: "GET https://a.test/", expect: allow, rule: read }
  - { request: "POST https://a.test/", expect: allow }
  - { request: "GET https://a.test/", expect: allow, rule: other }
  - { request: "tcp://git.test:22", expect: allow, rule: ssh }
  - { request: "tcp://a.test:443", expect: deny }
  - { request: "get https://a.test/", expect: deny }
  - { command: "git push -f", expect: deny, rule: force }
  - { command: "git push", expect: deny }
`),
    noon,
  )
  expect(outcomes.map(({ passed }) => passed)).toEqual([true, false, false, true, true, true, true, false])
  expect(outcomes[1]?.decision).toMatchObject({ effect: 'deny', rule: 'default' })
})

test('the rule of an access request allows the act and nothing beside it', () => {
  const rule = { ...narrowestRule({ method: 'POST', host: 'a.test', port: 443, path: '/%2A%2A' }), id: 'g' }
  const grant = { ...document(''), network: { ...document('network: { rules: [] }').network, rules: [rule] } }
  const policy = compilePolicy([
    { label: 'org@v1', document: document('network: { rules: [] }') },
    { label: 'g@v1', document: grant, grant: true },
  ])
  expect(effect(policy, 'POST https://a.test/**')).toBe('allow')
  for (const line of [
    'GET https://a.test/**',
    'POST https://a.test/x',
    'POST https://a.test/',
    'POST https://b.test/**',
  ]) {
    expect(effect(policy, line)).toBe('deny')
  }
})

test('what a policy says that nobody means is told', () => {
  const warnings = (rules: string) =>
    lintPolicy(document(`network: { rules: [${rules}] }`), noon).map(({ message }) => message)
  const told = (rules: string) => warnings(rules).join('\n')
  expect(told('{ id: a, host: "*" }')).toContain('every host name')
  expect(told('{ id: a, host: "*.com" }')).toContain('top-level domain')
  expect(told('{ id: a, host: gist.github.com }')).toContain('anybody can keep things')
  expect(told('{ id: a, host: gist.github.com, http: { methods: [GET] } }')).not.toContain('anybody')
  expect(told('{ id: a, host: a.test, ports: [80] }')).toContain('plain HTTP')
  expect(told('{ id: a, host: a.test, expires: "2020-01-01T00:00:00Z" }')).toContain('has expired')
  expect(told('{ id: a, host: x.a.test }, { id: b, effect: deny, host: "*.a.test" }')).toContain('a can never allow: b')
  expect(told('{ id: a, host: "*.a.test" }, { id: b, host: x.a.test, http: { methods: [GET] } }')).toContain(
    'b adds nothing to a',
  )
  expect(told('{ id: a, host: a.test }, { id: b, host: A.test. }')).toContain('b says the same as a')
  expect(
    told('{ id: a, host: a.test, http: { paths: ["/v1/**"] } }, { id: b, host: a.test, http: { paths: ["/v2/x"] } }'),
  ).toBe('the policy has no tests')
})

test('commands match by their words, wherever options stand', () => {
  const policy = compiled(`
commands:
  - { id: force, effect: deny, argv: [git, push, { any: ["--force", -f] }] }
  - { id: rm, effect: deny, argv: [rm, { any: [-r, --recursive] }] }
  - { id: kube, effect: ask, argv: [kubectl, { not: [get, describe] }] }
  - { id: tool, effect: deny, argv: [/opt/*/bin/tool] }
`)
  const decided = (path: string, line: string) => {
    const { rule } = decideExecution(policy, { path, argv: splitCommand(line) ?? [], cwd: '/w', exes: [] })
    return rule
  }
  expect(decided('/usr/bin/git', 'git push --force')).toBe('force')
  expect(decided('/usr/bin/git', 'git -C "a b" push origin -uf')).toBe('force')
  expect(decided('/usr/bin/git', 'git commit -m push -f')).toBe('default')
  expect(decided('/usr/bin/git', 'harmless push -f')).toBe('force')
  expect(decided('/tmp/renamed', 'git push -f')).toBe('force')
  expect(decided('/usr/bin/rm', 'rm -rf x')).toBe('rm')
  expect(decided('/usr/bin/busybox', 'busybox rm -r x')).toBe('rm')
  expect(decided('/usr/bin/busybox', 'rm -r x')).toBe('rm')
  expect(decided('/usr/bin/kubectl', 'kubectl get pods')).toBe('default')
  expect(decided('/usr/bin/kubectl', 'kubectl delete pods')).toBe('kube')
  expect(decided('/opt/x/bin/tool', 'tool')).toBe('tool')
})

import { describe, expect, test } from 'vitest'
import { allowlistDocument, importAllowlist } from './allowlist.ts'
import { compilePolicy } from './compile.ts'
import { parsePolicy } from './parse.ts'
import { document, effect } from './testing.ts'

/** The allow-list as a policy of its own, through the document that the importer writes. */
function policyOf(...entries: readonly string[]) {
  const { rules } = importAllowlist(entries)
  const { policy, problems } = parsePolicy(allowlistDocument('imported', rules))
  if (policy === null) throw new Error(JSON.stringify(problems))
  expect(policy.network.rules).toEqual(rules)
  return compilePolicy([{ label: 'imported@v0', document: policy }])
}
const levels = (...entries: readonly string[]) =>
  importAllowlist(entries)
    .problems.filter(({ path }) => path !== 'allowlist')
    .map(({ level }) => level)

describe('what an allow-list of Coder allows, with its traps mended', () => {
  test.each([
    ['domain=github.com', 'GET https://github.com/', 'allow', ''],
    ['domain=github.com', 'GET https://api.github.com/', 'deny', ''],
    ['domain=github.com', 'GET https://GitHub.com/', 'allow', 'mended'],
    ['domain=GitHub.com', 'GET https://github.com/', 'allow', 'mended'],
    ['domain=github.com', 'GET https://github.com./', 'allow', 'mended'],
    ['domain=github.com', 'GET http://github.com/', 'allow', ''],
    ['domain=github.com', 'GET https://github.com:8443/', 'deny', 'mended'],
    ['domain=github.com', 'GET https://github.com:22/', 'deny', 'mended'],
    ['domain=github.com', 'GET https://evilgithub.com/', 'deny', ''],
    ['domain=github.com', 'GET https://github.com.evil.com/', 'deny', ''],
    ['domain=github.com', 'GET https://github.com@evil.com/', 'refused', ''],
    ['domain=*.github.com', 'GET https://github.com/', 'deny', ''],
    ['domain=*.github.com', 'GET https://api.github.com/', 'allow', ''],
    ['domain=*.github.com', 'GET https://a.b.github.com/', 'allow', ''],
    ['domain=api.*.com', 'GET https://api.x.com/', 'allow', ''],
    ['domain=api.*.com', 'GET https://api.x.y.com/', 'deny', ''],
    ['domain=api.*.com', 'GET https://z.api.x.com/', 'deny', ''],
    ['domain=*.*.com', 'GET https://x.com/', 'deny', ''],
    ['domain=*.*.com', 'GET https://a.x.com/', 'allow', ''],
    ['domain=*.*.com', 'GET https://a.b.c.com/', 'allow', ''],
    ['domain=*', 'GET https://anything.test/', 'allow', ''],
    ['domain=*', 'GET http://[::1]/', 'deny', 'mended'],
    ['domain=*', 'GET http://169.254.169.254/', 'deny', 'mended'],
    ['domain=my_host.local', 'GET https://my_host.local/', 'allow', 'mended'],
    ['domain=127.0.0.1', 'GET http://127.0.0.1:9999/', 'deny', 'mended'],
    ['method=GET', 'GET http://169.254.169.254/latest', 'deny', 'mended'],
    ['method=GET', 'GET https://a.test/', 'allow', ''],
    ['path=/api/*', 'GET https://evil.com/api/x', 'allow', ''],
    ['path=/api/*', 'GET https://10.0.0.1/api/x', 'deny', 'mended'],
    ['method=GET domain=a.com', 'HEAD https://a.com/', 'deny', ''],
    ['method=GET domain=a.com', 'get https://a.com/', 'refused', ''],
    ['method=get domain=a.com', 'GET https://a.com/', 'allow', 'mended'],
    ['method=GET,POST domain=a.com', 'POST https://a.com/', 'allow', ''],
    ['domain=a.com path=/api', 'GET https://a.com/api', 'allow', ''],
    ['domain=a.com path=/api', 'GET https://a.com/api/', 'deny', ''],
    ['domain=a.com path=/api', 'GET https://a.com/api/users', 'deny', ''],
    ['domain=a.com path=/api/', 'GET https://a.com/api', 'allow', ''],
    ['domain=a.com path=/api/', 'GET https://a.com/api/', 'allow', ''],
    ['domain=a.com path=/api/*', 'GET https://a.com/api', 'deny', ''],
    ['domain=a.com path=/api/*', 'GET https://a.com/api/', 'allow', ''],
    ['domain=a.com path=/api/*', 'GET https://a.com/api/a/b/c', 'allow', ''],
    ['domain=a.com path=/api/*', 'GET https://a.com/api/../admin', 'deny', 'mended'],
    ['domain=a.com path=/api/*', 'GET https://a.com/api/%2e%2e/admin', 'deny', 'mended'],
    ['domain=a.com path=/api/*', 'GET https://a.com/api/..%2fadmin', 'refused', 'mended'],
    ['domain=a.com path=/api/*/users', 'GET https://a.com/api/v1/users', 'allow', ''],
    ['domain=a.com path=/api/*/users', 'GET https://a.com/api/v1/v2/users', 'deny', ''],
    ['domain=a.com path=/api/user*', 'GET https://a.com/api/users', 'allow', 'mended'],
    ['domain=a.com path=/', 'GET https://a.com/anything/deep', 'deny', 'mended'],
    ['domain=a.com path=/', 'GET https://a.com/', 'allow', ''],
    ['domain=a.com path=*', 'GET https://a.com', 'allow', 'mended'],
    ['domain=a.com path=/a%20b', 'GET https://a.com/a%20b', 'allow', 'mended'],
    ['domain=a.com path=/repos/org/repo', 'GET https://a.com/repos/org%2Frepo', 'deny', 'mended'],
    ['domain=a.com path=/API', 'GET https://a.com/api', 'deny', ''],
    ['domain=a.com path=/x', 'GET https://a.com/x?y=/z', 'allow', ''],
    ['domain=a.com path=/api/v1', 'GET https://a.com//api/v1', 'allow', ''],
    ['domain=xn--bcher-kva.test', 'GET https://bücher.test/', 'allow', 'mended'],
  ])('%s: %s is %s %s', (entry, line, expected) => expect(effect(policyOf(entry), line)).toBe(expected))

  test.each([
    'domain=github.com:443',
    'domain=github.*',
    'domain=api*.github.com',
    'domain=*api.x.com',
    'domain=*.0.0.1',
    'domain=10.*.0.1',
    'domain=10.0.0.0/8',
    'domain=https://a.com',
    'method=GET, POST domain=a.com',
    'method=GET, domain=a.com',
    'domain=a.com domain=b.com',
    'host=a.com',
    'domain=a.com path=api',
    'domain=a.com path=/x?y',
    'domain=a.com path=/a/../b',
    'domain=',
    'github.com',
    '',
    '   ',
  ])('"%s" is refused, and nothing of it is kept', (entry) => {
    const { rules, problems } = importAllowlist(['domain=ok.test', entry])
    expect(rules.map(({ id }) => id)).toEqual(['allow-1'])
    expect(problems.filter(({ level }) => level === 'error')[0]).toMatchObject({ path: 'allowlist[1]' })
  })

  test('every mended trap is told', () => {
    for (const entry of ['domain=GitHub.com', 'method=get domain=a.com', 'path=/x', 'method=GET', 'domain=*']) {
      expect(levels(entry)).toEqual(['warning'])
    }
    for (const path of ['/', '/api/', '/user*']) expect(levels(`domain=a.com path=${path}`)).toEqual(['warning'])
    expect(levels('domain=169.254.169.254')).toEqual(['warning'])
    expect(levels('domain=a.com method=GET path=/api/*')).toEqual([])
  })

  test('ports are told once for the whole list', () => {
    const { problems } = importAllowlist(['domain=a.com', 'domain=b.com'])
    expect(problems).toMatchObject([{ level: 'warning', path: 'allowlist' }])
  })
})

test('a private address that somebody names is open, the machine and the cloud are not', () => {
  const classes = (domain: string) => importAllowlist([`domain=${domain}`]).rules[0]?.address_classes
  expect(classes('10.1.2.3')).toEqual(['private'])
  for (const never of ['127.0.0.1', '169.254.169.254']) expect(classes(never)).toEqual([])
})

test('an empty list is a policy that denies everything', () => {
  expect(document('network: { rules: [] }').network).toMatchObject({ default: 'deny', rules: [] })
  expect(effect(policyOf(), 'GET https://a.com/')).toBe('deny')
})

import { describe, expect, test } from 'vitest'
import { requestOfUrl } from './canonical.ts'
import { decideConnection, mayResolve } from './decide.ts'
import { ask, compiled, effect, noon } from './testing.ts'

const p0 = compiled(`
network:
  rules:
    - { id: api, host: api.test, http: { methods: [GET, POST], paths: ["/v1/*"] } }
    - { id: git, host: git.test }
    - { id: pkg, host: "*.pkg.test", http: { methods: [GET] } }
`)

describe('names, rules and parsing', () => {
  test.each([
    ['N01', 'GET https://api.test/v1/x', 'allow'],
    ['N02', 'GET https://API.TEST/v1/x', 'allow'],
    ['N02', 'GET https://api.test./v1/x', 'allow'],
    ['N03', 'GET https://sub.api.test/v1/x', 'deny'],
    ['N04', 'GET https://pkg.test/', 'deny'],
    ['N04', 'GET https://a.b.pkg.test/', 'allow'],
    ['N05', 'GET https://evilapi.test/v1/x', 'deny'],
    ['N05', 'GET https://api.test.evil.test/v1/x', 'deny'],
    ['N06', 'GET https://api.test:8443/v1/x', 'deny'],
    ['N07', 'GET http://api.test/v1/x', 'deny'],
    ['N07', 'GET http://api.test:443/v1/x', 'deny'],
    ['N08', 'DELETE https://api.test/v1/x', 'deny'],
    ['N08', 'get https://api.test/v1/x', 'refused'],
    ['N09', 'GET https://api.test/v1/../admin', 'deny'],
    ['N09', 'GET https://api.test/v1/%2e%2e/admin', 'deny'],
    ['N09', 'GET https://api.test/v1/..%2fadmin', 'refused'],
    ['N09', 'GET https://api.test/v1/%252e%252e/admin', 'refused'],
    ['N16', 'GET https://user:pw@api.test/v1/x', 'refused'],
    ['N16', 'GET https://api.test/@evil.test', 'deny'],
    ['N19', 'GET https://api.test, evil.test/v1/x', 'refused'],
  ])('%s %s is %s', (_, line, expected) => expect(effect(p0, line)).toBe(expected))

  test('N12 a * inside a segment holds inside it', () => {
    const policy = compiled('network: { rules: [{ id: u, host: api.test, http: { paths: ["/v1/user*"] } }] }')
    expect(effect(policy, 'GET https://api.test/v1/users')).toBe('allow')
    expect(effect(policy, 'GET https://api.test/v1/users/1')).toBe('deny')
  })

  test('N14 a name in punycode and the same name in letters are one', () => {
    for (const host of ['bücher.test', 'xn--bcher-kva.test', 'BÜCHER.test']) {
      const policy = compiled(`network: { rules: [{ id: b, host: "${host}" }, { id: w, host: "*.${host}" }] }`)
      for (const asked of ['bücher.test', 'xn--bcher-kva.test', 'www.bücher.test']) {
        expect(effect(policy, `GET https://${asked}/`)).toBe('allow')
      }
    }
  })

  test('N16 what a person writes with a name and password is about the real host', () => {
    expect(requestOfUrl('GET', 'https://user:pw@api.test/v1/x@evil.test')).toMatchObject({ host: 'api.test' })
    expect(requestOfUrl('GET', 'https://api.test:pw@evil.test/v1/x')).toMatchObject({ host: 'evil.test' })
  })

  test('N20 an explicit deny is above whatever allows', () => {
    const policy = compiled(`
network:
  rules:
    - { id: api, host: api.test, http: { paths: ["/v1/**"] } }
    - { id: secret, effect: deny, host: api.test, http: { paths: [/v1/secret] }, reason: ask-the-owner }
`)
    expect(effect(policy, 'GET https://api.test/v1/x')).toBe('allow')
    expect(ask(policy, 'GET https://api.test/v1/secret')).toMatchObject({
      effect: 'deny',
      rule: 'secret',
      policy: 'l0@v1',
      reason: 'rule',
      hint: 'ask-the-owner',
    })
    // Servers that decode a slash, or cut parameters off, read the same path.
    for (const way of ['/v1%2Fsecret', '/v1/secret;x=1', '/v1;a/secret', '//v1/secret', '/v1/./secret']) {
      expect(effect(policy, `GET https://api.test${way}`)).toBe('deny')
    }
  })
})

test('an encoded slash passes where it may be read either way', () => {
  const npm = compiled('network: { rules: [{ id: npm, host: npm.test, http: { paths: ["/**"] } }] }')
  expect(effect(npm, 'GET https://npm.test/@scope%2fname')).toBe('allow')
  const one = compiled('network: { rules: [{ id: one, host: npm.test, http: { paths: ["/@scope%2Fname"] } }] }')
  expect(effect(one, 'GET https://npm.test/@scope%2fname')).toBe('allow')
  expect(effect(one, 'GET https://npm.test/@scope%2fother')).toBe('deny')
})

test('a rule for a program holds for it and what it starts', () => {
  const policy = compiled('network: { rules: [{ id: m, host: a.test, when: { exe: ["**/bin/prisma"] } }] }')
  expect(effect(policy, 'GET https://a.test/', ['/usr/bin/node', '/w/node_modules/.bin/bin/prisma'])).toBe('allow')
  expect(effect(policy, 'GET https://a.test/', ['/usr/bin/curl'])).toBe('deny')
  expect(effect(policy, 'GET https://a.test/')).toBe('deny')
})

test('a rule is gone at the instant that it names', () => {
  const rule = (at: string) => compiled(`network: { rules: [{ id: t, host: a.test, expires: "${at}" }] }`)
  expect(effect(rule('2026-11-21T12:00:01Z'), 'GET https://a.test/')).toBe('allow')
  expect(effect(rule('2026-11-21T12:00:00Z'), 'GET https://a.test/')).toBe('deny')
})

test('classes of addresses are open only where the rule says so, and metadata never', () => {
  const policy = compiled(`
network:
  rules:
    - { id: plain, host: a.test }
    - { id: inner, host: b.test, address_classes: [private] }
`)
  const denied = (one: ReturnType<typeof compiled>, line: string) => {
    const decision = ask(one, line)
    return decision === 'refused' ? decision : decision.deniedClasses
  }
  expect(denied(policy, 'GET https://a.test/')).toContain('private')
  expect(denied(policy, 'GET https://b.test/')).not.toContain('private')
  expect(denied(policy, 'GET https://b.test/')).toContain('loopback')
  const open = compiled('network: { deny_address_classes: [metadata, self], rules: [{ id: a, host: "*" }] }')
  expect(denied(open, 'GET https://a.test/')).toEqual(['metadata', 'self'])
})

test('a * is any name and no address; addresses are named by networks', () => {
  const names = compiled('network: { rules: [{ id: any, host: "*" }] }')
  expect(effect(names, 'GET https://anything.test/')).toBe('allow')
  for (const address of ['93.184.216.34', '[2606:2800:220:1::1]', '0x5db8d822', '1.1']) {
    expect(effect(names, `GET https://${address}/`)).toBe('deny')
  }
  const network = compiled('network: { rules: [{ id: n, host: [93.184.216.0/24, "2606:2800::/32"] }] }')
  expect(effect(network, 'GET https://93.184.216.34/')).toBe('allow')
  expect(effect(network, 'GET https://[::ffff:93.184.216.34]/')).toBe('allow')
  expect(effect(network, 'GET https://[2606:2800::1]/')).toBe('allow')
  expect(effect(network, 'GET https://93.184.217.34/')).toBe('deny')
})

describe('connections', () => {
  const policy = compiled(`
network:
  rules:
    - { id: ssh, tcp: true, host: git.test, ports: [22] }
    - { id: pinned, host: pin.test, tls: passthrough }
    - { id: web, host: [git.test, pin2.test] }
    - { id: pinned-2, host: pin2.test, tls: passthrough }
    - { id: not-this, effect: deny, host: pin2.test, http: { paths: [/upload] } }
    - { id: never, effect: deny, host: bad.test }
    - { id: bad-too, tcp: true, host: bad.test, ports: [22] }
`)
  const connect = (host: string, port: number) => decideConnection(policy, { host, port, exes: [] }, noon)

  test('X13 raw TCP goes where a tcp rule names host and port', () => {
    expect(connect('git.test', 22)).toMatchObject({ effect: 'allow', rule: 'ssh', carry: 'tcp' })
    expect(connect('pin.test', 22)).toMatchObject({ effect: 'deny', rule: 'default' })
  })

  test('TLS passes unread only where nothing wants to look into it', () => {
    expect(connect('pin.test', 443)).toMatchObject({ effect: 'allow', carry: 'passthrough' })
    expect(connect('git.test', 443)).toMatchObject({ effect: 'allow', carry: 'web' })
    expect(connect('pin2.test', 443)).toMatchObject({ effect: 'allow', carry: 'web' })
  })

  test('a deny of a host is about every port and about raw TCP', () => {
    expect(connect('bad.test', 22)).toMatchObject({ effect: 'deny', rule: 'never' })
    expect(connect('bad.test', 443)).toMatchObject({ effect: 'deny', rule: 'never' })
  })

  test('only names that something may reach have an address', () => {
    const names = ['git.test', 'pin.test', 'pin2.test', 'bad.test', 'evil.test']
    expect(names.map((name) => mayResolve(policy, name, noon).effect)).toEqual([
      'allow',
      'allow',
      'allow',
      'deny',
      'deny',
    ])
  })
})

test('without any layer everything is denied', () => {
  expect(ask(compiled(), 'GET https://a.test/')).toMatchObject({ effect: 'deny', rule: 'default', policy: 'none' })
})

test('who waits for a person does so as long as the shortest of the layers says', () => {
  const wait = (...seconds: readonly (number | null)[]) =>
    compiled(...seconds.map((one) => (one === null ? 'network: {}' : `network: { ask_wait_seconds: ${one} }`)))
      .askWaitMs
  expect([wait(), wait(null), wait(20, null, 5), wait(0)]).toEqual([30_000, 30_000, 5_000, 0])
})

test('what is asked about goes, once it is approved, as its rule says', () => {
  const policy = compiled(
    'network: { rules: [{ id: q, effect: ask, host: a.test, address_classes: [private], request_bytes_max: 10 }] }',
  )
  const decision = ask(policy, 'GET https://a.test/')
  expect(decision).toMatchObject({ effect: 'ask', requestBytesMax: 10 })
  expect(decision === 'refused' ? [] : decision.deniedClasses).not.toContain('private')
})

import { describe, expect, test } from 'vitest'
import { parsePolicy } from './parse.ts'

const head = 'apiVersion: reeve/v1\nname: web\n'
const messages = (text: string) =>
  parsePolicy(text).problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`)

test('the whole language is read', () => {
  const { policy, problems } = parsePolicy(`${head}mode: observe
min_tier: 2
network:
  deny_address_classes: [loopback, metadata, self]
  ask_wait_seconds: 10
  rules:
    - { id: gh-read, host: [github.com, api.github.com], http: { methods: [GET, HEAD], paths: ["/acme/**"] } }
    - { id: no-direct, effect: deny, host: api.openai.com, reason: use-the-gateway }
    - { id: db, tcp: true, host: pg.dev.internal, ports: [5432], when: { exe: [/usr/bin/psql] }, address_classes: [private] }
    - { id: up, host: up.test, request_bytes_max: 64KiB, inject_session: true, expires: "2027-01-31T18:00:00Z", extendable: true }
files: { workspace: overlay, read: ["~/.cache/**"], hide: [".env*"], no_delete: ["migrations/**"], bulk_delete: { count: 200, seconds: 10 } }
commands:
  - { id: force, effect: deny, argv: [git, push, { any: ["--force", "-f"] }], match: ["git -C x push -uf"], not_match: ["git push"] }
tests:
  - { request: "GET https://api.github.com/acme/x", expect: allow, rule: gh-read }
  - { command: "git push -f", expect: deny }
`)
  expect(problems).toEqual([])
  expect(policy).toMatchObject({
    mode: 'observe',
    min_tier: 2,
    network: {
      default: 'deny',
      ask_wait_seconds: 10,
      rules: [
        { effect: 'allow', ports: [443], tls: 'inspect', when: null },
        { effect: 'deny', host: ['api.openai.com'], ports: [] },
        { tcp: true, ports: [5432], when: { exe: ['/usr/bin/psql'] } },
        { request_bytes_max: 65_536, inject_session: true, extendable: true },
      ],
    },
    files: { workspace: 'overlay', bulk_delete: { count: 200, seconds: 10, effect: 'ask' } },
  })
})

test('JSON is read as well', () => {
  const { policy } = parsePolicy(JSON.stringify({ apiVersion: 'reeve/v1', name: 'web', network: { rules: [] } }))
  expect(policy?.network.default).toBe('deny')
})

describe('N13 what is not whole is refused, with the place and the remedy', () => {
  test.each([
    ['', '1:1  the policy is empty'],
    ['  \n', '1:1  the policy is empty'],
    ['just words', '1:1  the document must be a map with'],
    [`${head}colour: red`, '3:1 colour colour is not known here'],
    [`${head}network: { rules: [{ id: a, hosts: b.test }] }`, '3:29 network.rules[0].hosts hosts is not known here'],
    [`${head}network: { rules: [{ id: a, host: b.test, }, ] }\nname: again`, '4:1 name name stands twice'],
    [`${head}network:`, '3:1 network network has no value'],
    [`${head}network: { rules: ["domain=a.test"] }`, '3:20 network.rules[0] rules[0] must be a map'],
    [`${head}network: { rules: [{ id: a, host: "" }] }`, '3:35 network.rules[0].host "" is not a host name'],
    [`${head}network: { rules: [{ id: a, host: [] }] }`, '3:35 network.rules[0].host host names nothing'],
    [`${head}network: { rules: [{ id: a, host: b.test, ports: ["443"] }] }`, 'ports[0] must be a whole number'],
    [`${head}network: { rules: [{ id: a, host: b.test, ports: [] }] }`, 'ports names none'],
    [`${head}network: { rules: [{ id: a, host: b.test }, { id: a, host: c.test }] }`, 'another rule has the id a'],
    [`${head}network: { rules: [{ host: b.test }] }`, 'id is missing'],
    [`${head}network: { rules: [{ id: default, host: b.test }] }`, 'default stands for'],
    [`${head}network: { rules: [{ id: a, host: "*.0.0.1" }] }`, 'has a * in an address'],
    [`${head}network: { rules: [{ id: a, host: "10.*.0.1" }] }`, 'has a * in an address'],
    [`${head}network: { rules: [{ id: a, host: "git.*" }] }`, 'ends in *'],
    [`${head}network: { rules: [{ id: a, host: "b.test:443" }] }`, 'has a port'],
    [`${head}network: { rules: [{ id: a, host: "b.test, c.test" }] }`, 'is not a host name'],
    [`${head}network: { rules: [{ id: a, host: b.test, http: { methods: [get] } }] }`, '"get" is not a method'],
    [`${head}network: { rules: [{ id: a, host: b.test, http: { paths: [v1] } }] }`, 'does not begin with a slash'],
    [`${head}network: { rules: [{ id: a, host: b.test, http: { paths: [/a/../b] } }] }`, 'dot segments'],
    [`${head}network: { rules: [{ id: a, host: b.test, http: {} }] }`, 'http says nothing'],
    [`${head}network: { rules: [{ id: a, host: b.test, tcp: true }] }`, 'a tcp rule names its ports'],
    [
      `${head}network: { rules: [{ id: a, host: b.test, tls: passthrough, http: { methods: [GET] } }] }`,
      'http cannot hold',
    ],
    [
      `${head}network: { rules: [{ id: a, effect: deny, host: b.test, extendable: true }] }`,
      'says nothing in a rule that denies',
    ],
    [
      `${head}network: { rules: [{ id: a, host: b.test, address_classes: [metadata] }] }`,
      'metadata is denied whatever',
    ],
    [`${head}network: { ask_wait_seconds: 31 }`, 'ask_wait_seconds must be a whole number from 0 to 30'],
    [`${head}network: { deny_address_classes: [loopback] }`, 'metadata cannot be taken off'],
    [`${head}network: { rules: [{ id: a, host: b.test, reason: "Use the proxy" }] }`, 'a reason is one word'],
    [`${head}network: { rules: [{ id: a, host: b.test, expires: tomorrow }] }`, 'expires is an instant'],
    [`${head}network: { rules: [{ id: a, host: b.test, when: { exe: [psql] } }] }`, 'not a whole path'],
    [`${head}mode: strict`, 'mode must be one of'],
    [`${head}network: &a { rules: [] }`, 'anchors and tags are not read'],
    [
      `${head}commands: [{ id: a, effect: deny, argv: [git], not_match: [git status] }]`,
      'the rule a matches this command',
    ],
    [`${head}commands: [{ id: a, argv: [git] }]`, 'effect is missing'],
    [`${head}files: { protect: [/etc] }`, 'not inside the workspace'],
    [`${head}files: { read: [../x] }`, 'does not begin with'],
    [`${head}tests: [{ request: "GET b.test", expect: deny }]`, 'not a request'],
    [`${head}---\n${head}`, 'more than one document'],
    ['name: web', 'apiVersion is missing'],
    ['apiVersion: guard/v1\nname: web', 'apiVersion must be one of: reeve/v1'],
    ['apiVersion: reeve/v1\nname: Web', 'a name is 1 to 64'],
  ])('%s', (text, expected) => {
    expect(parsePolicy(text).policy).toBeNull()
    expect(messages(text).join('\n')).toContain(expected)
  })

  test('one look tells everything that is wrong', () => {
    const { problems } = parsePolicy(
      `${head}mode: x\nnetwork: { rules: [{ id: a, host: "b.*", ports: [0] }, { id: a }] }`,
    )
    expect(problems.length).toBeGreaterThanOrEqual(5)
    expect(problems.every(({ line }) => line !== null)).toBe(true)
  })

  test('a key that is nearly right is named', () => {
    expect(parsePolicy(`${head}newtork: {}`).problems[0]?.fix).toBe('did you mean network?')
  })
})

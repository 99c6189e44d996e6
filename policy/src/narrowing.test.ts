import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideExecution } from './commands.ts'
import { compilePolicy } from './compile.ts'
import { decideConnection, decideRequest, mayResolve } from './decide.ts'
import type { NetworkRule, PolicyDocument } from './document.ts'
import { document, noon } from './testing.ts'

const hosts = ['a.test', 'b.test', 'x.a.test', '*.a.test', '*', '10.0.0.1', '10.0.0.0/8'] as const
const paths = ['/', '/v1/*', '/v1/**', '/v1/secret', '/**'] as const

const rule = (extendable: boolean): fc.Arbitrary<Omit<NetworkRule, 'id'>> =>
  fc.record({
    effect: fc.constantFrom('allow', 'allow', 'deny', 'ask'),
    host: fc.uniqueArray(fc.constantFrom(...hosts), { minLength: 1, maxLength: 2 }),
    ports: fc.constantFrom([443], [80, 443], [22]),
    http: fc.option(
      fc.record({ methods: fc.constantFrom([], ['GET']), paths: fc.constantFrom(...paths.map((path) => [path]), []) }),
    ),
    tcp: fc.boolean(),
    tls: fc.constantFrom('inspect', 'passthrough'),
    when: fc.option(fc.constant({ exe: ['/usr/bin/git'] })),
    inject_session: fc.boolean(),
    request_bytes_max: fc.option(fc.constantFrom(1, 2)),
    address_classes: fc.constantFrom([], ['private'] as const),
    reason: fc.constant(null),
    expires: fc.constantFrom(null, '2020-01-01T00:00:00Z'),
    extendable: extendable ? fc.boolean() : fc.constant(false),
  })

const policy = (extendable = false): fc.Arbitrary<PolicyDocument> =>
  fc
    .record({ rules: fc.array(rule(extendable), { maxLength: 6 }), inherit: fc.boolean() })
    .map(({ rules, inherit }) => ({
      ...document(''),
      network: {
        deny_address_classes: ['metadata', 'self', 'private'],
        default: inherit ? 'inherit' : 'deny',
        ask_wait_seconds: null,
        // What is not looked into has no `http`; the reader refuses it.
        rules: rules.map((one, at) => ({
          ...one,
          id: `r${at}`,
          http: one.tcp || one.tls === 'passthrough' ? null : one.http,
        })),
      },
    }))

const request = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  scheme: fc.constantFrom('http', 'https'),
  host: fc.constantFrom('a.test', 'b.test', 'x.a.test', 'c.test', '10.0.0.1'),
  port: fc.constantFrom(443, 80, 22),
  path: fc.constantFrom('/', '/v1/x', '/v1/secret', '/v1%2Fsecret', '/v1/secret;x', '/v2'),
  exes: fc.constantFrom([], ['/usr/bin/git']),
})

const rank = { deny: 0, ask: 1, allow: 2 } as const
const layers = (...documents: readonly PolicyDocument[]) =>
  compilePolicy(documents.map((one, at) => ({ label: `l${at}`, document: one })))

test('a layer below never lets pass what the ones above do not', () => {
  fc.assert(
    fc.property(policy(), policy(), policy(), request, (above, middle, below, asked) => {
      const alone = layers(above, middle)
      const all = layers(above, middle, below)
      const wide = decideRequest(alone, asked, noon)
      const narrow = decideRequest(all, asked, noon)
      // A layer that is silent and inherits may stand above: then nothing was said, and a layer below may say it.
      const silent = (one: PolicyDocument) => one.network.default === 'inherit'
      if (silent(above) && silent(middle)) return
      expect(rank[narrow.effect]).toBeLessThanOrEqual(rank[wide.effect])
      if (narrow.effect !== 'allow') return
      for (const name of wide.deniedClasses) expect(narrow.deniedClasses).toContain(name)
      if (wide.requestBytesMax !== null) expect(narrow.requestBytesMax).toBeLessThanOrEqual(wide.requestBytesMax)
    }),
    { numRuns: 2000 },
  )
})

test('a connection goes no further below than above, and is looked into where it was', () => {
  const order = ['web', 'passthrough', 'tcp']
  fc.assert(
    fc.property(policy(), policy(), request, (above, below, asked) => {
      if (above.network.default === 'inherit') return
      const wide = decideConnection(layers(above), asked, noon)
      const narrow = decideConnection(layers(above, below), asked, noon)
      if (narrow.effect !== 'allow') return
      expect(wide.effect).not.toBe('deny')
      expect(order.indexOf(narrow.carry)).toBeLessThanOrEqual(order.indexOf(wide.carry))
    }),
    { numRuns: 2000 },
  )
})

test('what an extendable rule widens is only at the hosts that it names', () => {
  fc.assert(
    fc.property(policy(true), policy(), request, (above, below, asked) => {
      if (above.network.default === 'inherit') return
      const wide = decideRequest(layers(above), asked, noon)
      const both = decideRequest(layers(above, below), asked, noon)
      if (rank[both.effect] <= rank[wide.effect]) return
      const index = layers(above).layers[0]!.rules.about(asked.host)
      expect(index.some(({ compiled }) => compiled.rule.extendable)).toBe(true)
      expect(wide.rule).toBe('default')
    }),
    { numRuns: 2000 },
  )
})

test('a grant adds, and never past an explicit deny', () => {
  fc.assert(
    fc.property(policy(), policy(), request, (above, grant, asked) => {
      const alone = decideRequest(layers(above), asked, noon)
      const granted = compilePolicy([
        { label: 'l0', document: above },
        { label: 'g', document: grant, grant: true },
      ])
      const decided = decideRequest(granted, asked, noon)
      expect(rank[decided.effect]).toBeGreaterThanOrEqual(rank[alone.effect])
      if (alone.effect === 'deny' && alone.rule !== 'default') expect(decided).toEqual(alone)
    }),
    { numRuns: 2000 },
  )
})

test('a name that something may reach has an address', () => {
  fc.assert(
    fc.property(policy(true), policy(), request, (above, below, asked) => {
      const both = layers(above, below)
      if (decideRequest(both, asked, noon).effect === 'deny') return
      expect(mayResolve(both, asked.host, noon).effect).toBe('allow')
      expect(decideConnection(both, asked, noon).effect).not.toBe('deny')
    }),
    { numRuns: 2000 },
  )
})

test('commands: a deny of any layer holds, and an approved request ends a question', () => {
  const text = (effect: string) => `commands: [{ id: ${effect}, effect: ${effect}, argv: [kubectl, delete] }]`
  const execution = { path: '/usr/bin/kubectl', argv: ['kubectl', 'delete', 'pod'], cwd: '/w', exes: [] }
  const decided = (...effects: readonly string[]) =>
    decideExecution(
      compilePolicy(
        effects.map((one) => ({
          label: one,
          document: document(text(one.replace('grant-', ''))),
          grant: one.startsWith('grant'),
        })),
      ),
      execution,
    ).effect
  expect(decided('ask')).toBe('ask')
  expect(decided('ask', 'allow')).toBe('ask')
  expect(decided('ask', 'grant-allow')).toBe('allow')
  expect(decided('ask', 'deny')).toBe('deny')
  expect(decided('deny', 'grant-allow')).toBe('deny')
  expect(decided()).toBe('allow')
})

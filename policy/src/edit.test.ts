import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { problemsAtRules, type RuleText, ruleLines, withoutRule, withRule } from './edit.ts'

const text = `apiVersion: reeve/v1
name: team-web
# What the team agreed on in May.
network:
  rules:
    - { id: gh-read, host: [github.com, api.github.com], http: { methods: [GET, HEAD], paths: ["/acme/**"] } }
    # The gateway is the only way to a model.
    - id: no-direct
      effect: deny # for good
      host: api.openai.com
      reason: use-the-gateway
`
const rule: RuleText = {
  id: 'npm',
  effect: 'allow',
  host: ['packages.example'],
  ports: [],
  tcp: false,
  methods: ['GET'],
  paths: [],
  exe: [],
  reason: null,
  expires: null,
}

test('each rule is told with the lines that it stands on', () => {
  expect(ruleLines(text)).toEqual([
    { from: 6, to: 6 },
    { from: 8, to: 11 },
  ])
  expect(ruleLines('just words')).toEqual([])
  expect(ruleLines(': : [')).toEqual([])
})

test('a new rule comes last, and everything else stays as it was written', () => {
  expect(withRule(text, null, rule)).toBe(
    `${text}    - { id: npm, host: packages.example, http: { methods: [GET] } }\n`,
  )
  const behind = `${text}tests: []\n`
  expect(withRule(behind, null, rule)).toBe(
    `${text}    - { id: npm, host: packages.example, http: { methods: [GET] } }\ntests: []\n`,
  )
})

test('a change of a rule keeps its comments and what the form does not know', () => {
  expect(withRule(text, 1, { ...rule, id: 'no-direct', effect: 'deny', host: ['api.openai.com', 'api.x.ai'] })).toBe(
    text
      .replace('host: api.openai.com\n', 'host: [api.openai.com, api.x.ai]\n')
      .replace('      reason: use-the-gateway\n', '      http: { methods: [GET] }\n'),
  )
  const asked = { ...rule, id: 'gh-read', host: ['github.com'], methods: ['GET', 'HEAD'], paths: ['/acme/**', '/a,b'] }
  expect(withRule(text, 0, { ...asked, expires: '2026-12-01T00:00:00Z' })).toBe(
    text.replace(
      '{ id: gh-read, host: [github.com, api.github.com], http: { methods: [GET, HEAD], paths: ["/acme/**"] } }',
      '{ id: gh-read, host: github.com, http: { methods: [GET, HEAD], paths: [/acme/**, "/a,b"] }, expires: 2026-12-01T00:00:00Z }',
    ),
  )
})

test('what the form does not know of a rule stays in it', () => {
  const passed = text.replace('{ id: gh-read,', '{ id: gh-read, tls: passthrough,')
  expect(withRule(passed, 0, { ...rule, id: 'gh-read', host: ['x.example'], methods: [] })).toContain(
    '{ id: gh-read, tls: passthrough, host: x.example }',
  )
})

test('a list on lines of its own gives way to one behind its key', () => {
  const lines =
    'network:\n  rules:\n    - id: a\n      host:\n        - a.example\n        - b.example\n      reason: why\n'
  expect(withRule(lines, 0, { ...rule, id: 'a', host: ['c.example'], methods: [], reason: 'why' })).toBe(
    'network:\n  rules:\n    - id: a\n      host: c.example\n      reason: why\n',
  )
})

test('a document without rules gets them, and a rule can be taken away', () => {
  const first = withRule('apiVersion: reeve/v1\nname: empty\n', null, rule)
  expect(first).toContain('network:\n  rules:\n    - { id: npm')
  const emptied = withRule('name: empty\nnetwork:\n  rules: []\n', null, rule)
  expect(emptied).toContain('  rules:\n    - { id: npm')
  expect(withoutRule(text, 0)).toBe(text.replace(/ {4}- \{ id: gh-read.*\n/, ''))
  expect(withoutRule(text, 1)).toBe(text.replace(/ {4}- id: no-direct[^]*/, ''))
  expect(withoutRule(text, 7)).toBeNull()
})

test('a document that is written as JSON can be read still', () => {
  const json = JSON.stringify({ name: 'a', network: { rules: [{ id: 'x', host: 'x.example' }] } }, null, 2)
  const added = withRule(json, null, rule)
  expect(added === null ? null : parse(added).network.rules[1]).toMatchObject({ id: 'npm' })
  expect(withRule(json, 0, { ...rule, id: 'x', host: ['y.example'], methods: [] })).toBe(
    json.replace('"x.example"', 'y.example'),
  )
})

test('a text that cannot be read is not touched', () => {
  for (const broken of ['network: [', '- a\n- b\n', '']) expect(withRule(broken, null, rule)).toBeNull()
})

test('what is said of a whole rule is told with its line', () => {
  const problem = { level: 'warning', line: null, column: null, message: 'wide', fix: null } as const
  const told = problemsAtRules(text, [
    { ...problem, path: 'network.rules[1]' },
    { ...problem, path: 'tests' },
    { ...problem, path: 'network.rules[7].host' },
  ])
  expect(told.map(({ line }) => line)).toEqual([8, null, null])
})

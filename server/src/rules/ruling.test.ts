import { describe, expect, test } from 'vitest'
import { patternOf } from './patterns.ts'
import { decideModel, decideTool, type RuleSet, rulingOf } from './ruling.ts'

type Given = { models?: string[]; allowed?: string[]; denied?: string[]; contact?: string }

const set = (kind: 'organization' | 'group', name: string, given: Given): RuleSet => ({
  holder: { kind, name },
  models: given.models?.map(patternOf) ?? null,
  toolsAllowed: given.allowed?.map(patternOf) ?? null,
  toolsDenied: given.denied?.map(patternOf) ?? [],
  contact: given.contact ?? 'an administrator of acme',
})
const acme = (given: Given) => set('organization', 'acme', given)
const group = (name: string, given: Given) => set('group', name, given)

const model = (organization: RuleSet | null, groups: RuleSet[], name: string, provider = 'anthropic') =>
  decideModel(rulingOf(organization, groups), { provider, model: name })
const tool = (organization: RuleSet | null, groups: RuleSet[], name: string) =>
  decideTool(rulingOf(organization, groups), name)

describe('what organization and groups come to', () => {
  // Of each what it says: yes, no, or nothing (-); of the groups each that the person is in.
  const table: [organization: string, groups: string, allowed: boolean][] = [
    ['-', '', true],
    ['-', '-', true],
    ['-', 'y', true],
    ['-', 'n', false],
    ['-', 'yn', true],
    ['-', 'nn', false],
    ['-', 'n-', false],
    ['-', 'y-', true],
    ['-', 'yn-', true],
    ['y', '', true],
    ['y', '-', true],
    ['y', 'y', true],
    ['y', 'n', false],
    ['y', 'yn', true],
    ['y', 'n-', false],
    ['n', '', false],
    ['n', '-', false],
    ['n', 'y', false],
    ['n', 'n', false],
    ['n', 'yn', false],
  ]
  const models: Record<string, Given> = { y: { models: ['wanted'] }, n: { models: ['other'] }, '-': { denied: ['x'] } }
  const tools: Record<string, Given> = { y: { allowed: ['wanted'] }, n: { allowed: ['x'] }, '-': { models: ['x'] } }
  const denials: Record<string, Given> = { y: { denied: ['x'] }, n: { denied: ['want*'] }, '-': { models: ['x'] } }

  test.each(table)('organization %s, groups %j: %s', (organization, groups, allowed) => {
    for (const [said, decide] of [
      [models, model],
      [tools, tool],
      [denials, tool],
    ] as const) {
      const sets = [...groups].map((word, at) => group(`g${at}`, said[word] ?? {}))
      expect(decide(acme(said[organization] ?? {}), sets, 'wanted') === null).toBe(allowed)
    }
  })
})

test('where nobody has rules, everything is allowed and no tool call is held', () => {
  const ruling = rulingOf(null, [])
  expect(ruling).toEqual({ models: [], tools: [] })
  expect(decideModel(ruling, { provider: 'x', model: '' })).toBeNull()
})

test('a denied tool stays denied where the same set allows it, and an empty list allows none', () => {
  expect(tool(acme({ allowed: ['*'], denied: ['Bash'] }), [], 'bash')).not.toBeNull()
  expect(tool(acme({ allowed: [] }), [], 'Read')).not.toBeNull()
  expect(model(acme({ models: [] }), [], 'm')?.message).toBe(
    'The model m (anthropic) is not allowed in the organization acme; ask an administrator of acme.',
  )
})

test('a tool is the same with the namespace that Codex has its own in, and without it', () => {
  for (const name of ['exec', 'functions.exec']) {
    expect(tool(acme({ denied: ['exec'] }), [], name)).not.toBeNull()
    expect(tool(acme({ allowed: ['exec'] }), [], name)).toBeNull()
  }
  expect(tool(acme({ allowed: ['exec'] }), [], 'others.exec')).not.toBeNull()
})

test('a pattern with a slash names the provider, and one without is for every provider', () => {
  expect(model(acme({ models: ['anthropic/claude-*'] }), [], 'claude-5')).toBeNull()
  expect(model(acme({ models: ['anthropic/claude-*'] }), [], 'claude-5', 'router')).not.toBeNull()
  // A provider that has names with a slash must not be taken for the provider of that name.
  expect(model(acme({ models: ['anthropic/claude-*'] }), [], 'anthropic/claude-5', 'router')).not.toBeNull()
  expect(model(acme({ models: ['*/anthropic/claude-*'] }), [], 'anthropic/claude-5', 'router')).toBeNull()
  expect(model(acme({ models: ['claude-*'] }), [], 'claude-5', 'router')).toBeNull()
})

test('a request that names no model is denied where models are listed', () => {
  expect(model(acme({ models: ['claude-*'] }), [], '')?.message).toMatch(/^A request that names no model is not/)
})

test('names beyond every real one are denied, in both directions', () => {
  const long = 'a'.repeat(100_000)
  expect(model(acme({ models: ['*'] }), [], long)).not.toBeNull()
  expect(tool(acme({ denied: ['Bash'] }), [], long)).not.toBeNull()
})

test('the message says what may be asked instead and ends with whom to ask; the rule says which it was', () => {
  const many = { models: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], contact: 'the platform team (#ai-help)' }
  expect(model(acme(many), [], 'gpt-5', 'openai')).toEqual({
    rule: 'models of organization acme',
    message:
      'The model gpt-5 (openai) is not allowed in the organization acme; use a, b, c, d, e or 2 more, or ask the platform team (#ai-help).',
  })
  expect(model(null, [group('platform', { models: ['a'] }), group('web', { models: ['b'] })], 'c')).toEqual({
    rule: 'models of groups platform and web',
    message:
      'The model c (anthropic) is not allowed to members of the groups platform and web; use a or b, or ask an administrator of acme.',
  })
  expect(tool(null, [group('platform', { denied: ['Bash'] })], 'Bash')).toEqual({
    rule: 'tools of group platform',
    message: 'The tool Bash is not allowed to members of the group platform; ask an administrator of acme.',
  })
})

test('neither what a request calls itself nor what a group is called breaks out of the sentence', () => {
  const said = model(acme({ models: [] }), [], `x\r\n\u001b[31m\u202e${'y'.repeat(300)}`)?.message ?? ''
  expect(said).toMatch(/^The model x \[31m y+… \(anthropic\) is not allowed/)
  const named = tool(null, [group('ops\r\nX-Evil: 1', { allowed: [] })], 'Bash')
  expect(named?.rule).toBe('tools of group ops X-Evil: 1')
})

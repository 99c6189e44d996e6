import { expect, test } from 'vitest'
import { parsePolicy } from './parse.ts'
import { allowlistEntries, ruleTextOf, startPolicy } from './starter.ts'

test('an allow-list is read from a configuration, a list or lines', () => {
  const entries = ['domain=github.com method=GET', 'domain=*.example.com']
  expect(allowlistEntries(`allowlist:\n  - ${entries[0]}\n  - "${entries[1]}"\nlog_level: info\n`)).toEqual(entries)
  expect(allowlistEntries(`- ${entries.join('\n- ')}\n`)).toEqual(entries)
  expect(allowlistEntries(`# ours\n\n${entries.join('\n')}\n`)).toEqual(entries)
  expect(allowlistEntries('')).toEqual([])
})

test('a new policy can be read, observes, and allows what the list did', () => {
  const { text } = startPolicy('team', 'domain=github.com method=GET path=/acme/*')
  const { policy, problems } = parsePolicy(text)
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  expect(policy).toMatchObject({ name: 'team', mode: 'observe' })
  expect(policy?.network.rules[0]?.host).toEqual(['github.com'])
  expect(parsePolicy(startPolicy('empty', '').text).policy?.network.rules).toEqual([])
})

test('what a form shows of a rule is what is not said by default', () => {
  const text = 'apiVersion: reeve/v1\nname: a\nnetwork:\n  rules:\n    - { id: r, host: github.com }\n'
  const rule = parsePolicy(text).policy?.network.rules[0]
  expect(rule === undefined ? null : ruleTextOf(rule)).toMatchObject({ id: 'r', ports: [], methods: [], paths: [] })
})

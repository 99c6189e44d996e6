import { expect, test } from 'vitest'
import { mostAlike } from './instance.ts'

const alike = (one: string, ...others: string[]) =>
  mostAlike(
    one,
    others.map((address) => ({ address })),
    { byAnyKey: true },
  )?.address

test('what is repeated by a key belongs to what a module makes that is repeated by it, and the other way round', () => {
  const agents = ['module.runtime["api"].coder_agent.main', 'module.runtime["worker"].coder_agent.main']
  expect(alike('coder_script.each["worker"]', ...agents)).toBe(agents[1])
  const services = ['coder_agent.service["api"]', 'coder_agent.service["worker"]']
  expect(alike('module.feature["worker"].coder_script.f', ...services)).toBe(services[1])
})

test('the same copy of a module goes before the same index, and that before a key of some module', () => {
  expect(alike('module.m["a"].coder_script.s[1]', 'coder_agent.main[1]', 'module.m["a"].coder_agent.main[0]')).toBe(
    'module.m["a"].coder_agent.main[0]',
  )
  expect(alike('coder_script.s["a"]', 'module.m["a"].coder_agent.main', 'coder_agent.main["a"]')).toBe(
    'coder_agent.main["a"]',
  )
})

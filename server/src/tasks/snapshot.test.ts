import { type AgentApiMessage, taskPromptCharsMax, taskSnapshotBytesMax } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { forkedPrompt } from './fork.ts'
import { mergedSnapshot } from './snapshot.ts'

const said = (id: number, content: string): AgentApiMessage => ({
  id,
  role: id % 2 === 0 ? 'user' : 'agent',
  content,
  time: '2026-01-01T00:00:00.000Z',
})
const sizeOf = (messages: readonly AgentApiMessage[]) => Buffer.byteLength(JSON.stringify(messages))

test('who knows only the last messages leaves those before them as they were', () => {
  const known = [said(0, 'a'), said(1, 'b'), said(2, 'c'), said(3, 'd')]
  const merged = mergedSnapshot(known, [said(3, 'd and more'), said(4, 'e')])
  expect(merged.map(({ content }) => content)).toEqual(['a', 'b', 'c', 'd and more', 'e'])
  // Somebody who begins anew has no earlier ones.
  expect(mergedSnapshot(known, [said(0, 'new')])).toEqual([said(0, 'new')])
  expect(mergedSnapshot(known, [])).toEqual(known)
})

test('of a long conversation the end is kept, within the bound', () => {
  const many = Array.from({ length: 1_000 }, (_, id) => said(id, `${id} ${'x'.repeat(200)}`))
  const kept = mergedSnapshot([], many)
  expect(sizeOf(kept)).toBeLessThanOrEqual(taskSnapshotBytesMax)
  expect(kept.at(-1)).toEqual(many.at(-1))
  expect(kept.length).toBeGreaterThan(200)
  for (const hostile of ['\u0000', '\uD800', '"', '🦀', '\u001b']) {
    const one = mergedSnapshot([], [said(0, 'before'), said(1, hostile.repeat(200_000))])
    expect(sizeOf(one)).toBeLessThanOrEqual(taskSnapshotBytesMax)
    expect(one.map(({ id }) => id)).toEqual([1])
    expect(one[0]?.content.length).toBeGreaterThan(1_000)
    expect(one[0]?.content).not.toContain('\0')
    expect(one[0]?.content.isWellFormed()).toBe(true)
  }
})

test('a fork is told what was said, as much as a prompt holds, the end of it first', () => {
  expect(forkedPrompt('Do it', 'old', [])).toBe('Do it')
  const prompt = forkedPrompt('Go on', 'old', [said(0, 'Question'), said(1, 'Answer')])
  expect(prompt.startsWith('Go on\n')).toBe(true)
  expect(prompt).toContain('the task old')
  expect(prompt.indexOf('User: Question')).toBeLessThan(prompt.indexOf('Agent: Answer'))
  const long = forkedPrompt(
    'Go on',
    'old',
    Array.from({ length: 100 }, (_, id) => said(id, `m${id} ${'x'.repeat(5_000)}`)),
  )
  expect(long.length).toBeLessThanOrEqual(taskPromptCharsMax)
  expect(long).toContain('m99 ')
  expect(long).not.toContain('m0 ')
  expect(() => forkedPrompt('x'.repeat(taskPromptCharsMax), 'old', [said(0, 'a')])).toThrow('too long')
})

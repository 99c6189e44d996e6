import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { acceptance } from './acceptance.ts'
import { cases } from './cases.ts'
import { networkCases } from './network-cases.ts'

const root = resolve(import.meta.dirname, '../..')

/** The numbers of the suite; those between them were given up before anything was built. */
const numbers: Readonly<Record<string, readonly number[]>> = {
  N: [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 18, 19, 20],
  H: [1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 20, 22, 23, 24, 25],
  D: [1, 2, 3, 4, 5, 7, 10],
  X: [1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16],
  K: [1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16],
  F: [1, 2, 3, 6, 8, 10, 11, 12, 13],
  S: [1, 2, 4, 5],
  P: [1, 2, 3, 4, 7, 8, 9],
}
const suite = Object.entries(numbers).flatMap(([group, all]) =>
  all.map((number) => `${group}${String(number).padStart(2, '0')}`),
)

/** Tests of this folder that name the numbers that they hold: `F01 F13 homes …` holds two. */
const titled = { 1: ['tier-1', 'attacks', 'sessions', 'fork-bomb'], 2: ['attacks', 'sessions', 'fork-bomb'] } as const

function heldIn(tier: 1 | 2): ReadonlySet<string> {
  const titles = titled[tier]
    .map((name) => readFileSync(join(import.meta.dirname, `${name}.test.ts`), 'utf8'))
    .flatMap((text) =>
      Array.from(text.matchAll(/test\(\s*'((?:[NHDXKFSP]\d\d )+)/g), ([, ids = '']) => ids.trim().split(' ')),
    ) // prettier-ignore
    .flat()
  const tabled = cases.filter(({ tiers = [1, 2] }) => tiers.includes(tier)).map(({ id }) => id)
  return new Set([...titles, ...tabled, ...networkCases.map(({ id }) => id)])
}
const held = { 1: heldIn(1), 2: heldIn(2) } as const

test('every number of the suite is on the list, and no other', () => {
  expect(Object.keys(acceptance)).toEqual(suite)
})

test('what is no part of boundaries is what is about secrets, and nothing else', () => {
  const left = Object.entries(acceptance).filter(([, proofs]) => proofs.some((proof) => 'elsewhere' in proof))
  expect(left.map(([id]) => id)).toEqual(['H14', 'H20', 'S01', 'S02', 'S04'])
})

describe('each is held by a case or a test that exists', () => {
  test.each(Object.entries(acceptance))('%s', (id, proofs) => {
    expect(proofs.length).toBeGreaterThan(0)
    for (const proof of proofs) {
      if ('tiers' in proof)
        for (const tier of proof.tiers) expect(held[tier].has(id), `${id} in tier ${tier}`).toBe(true)
      else if ('file' in proof) expect(readFileSync(join(root, proof.file), 'utf8')).toContain(proof.title)
      else expect(proof.elsewhere.length).toBeGreaterThan(20)
    }
  })
})

test('what a tier tries is on the list as held by that tier', () => {
  for (const tier of [1, 2] as const) {
    const named = [...held[tier]].filter((id) => suite.includes(id))
    const missing = named.filter(
      (id) => !acceptance[id]?.some((proof) => 'tiers' in proof && proof.tiers.includes(tier)),
    )
    expect(missing, `tier ${tier}`).toEqual([])
  }
})

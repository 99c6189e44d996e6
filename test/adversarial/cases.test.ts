import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { cases } from './cases.ts'

const root = resolve(import.meta.dirname, '../..')
const sizes = { G: 19, L: 7, H: 15, J: 13, U: 20, S: 8 }

const tests = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
const titles = tests.flatMap((text) => Array.from(text.matchAll(/test\(\s*['`]([^'`]+)/g), ([, title]) => title!))
/** `H4 H14 crowds …` holds two. */
const held = new Set(titles.flatMap((title) => /^(?:[GLHJUS]\d+ )+/.exec(title)?.[0].trim().split(' ') ?? []))

test('every case of every group is on the list', () => {
  const all = Object.entries(sizes).flatMap(([group, size]) =>
    Array.from({ length: size }, (_, at) => `${group}${at + 1}`),
  )
  expect(Object.keys(cases)).toEqual(all)
})

test.each(Object.entries(cases))('%s is held by a test that exists, or says why not', (id, proofs) => {
  expect(proofs.length).toBeGreaterThan(0)
  for (const proof of proofs) {
    if ('here' in proof) expect(held.has(id), `a test of this folder for ${id}`).toBe(true)
    else if ('file' in proof) expect(readFileSync(join(root, proof.file), 'utf8')).toContain(proof.title)
    else expect(proof.open.length).toBeGreaterThan(20)
  }
})

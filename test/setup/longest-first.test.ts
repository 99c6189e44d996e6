import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryTree } from '../house/sources.ts'
import { turns } from './longest-first.ts'

test('whoever has a turn of its own is there', () => {
  const paths = [...repositoryTree(resolve(import.meta.dirname, '../..')).keys()].map((path) => `/${path}`)
  expect(turns.filter((part) => !paths.some((path) => path.includes(part)))).toEqual([])
})

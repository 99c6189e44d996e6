import { importsOf, isTest, repositoryTree, resolveImport, type Tree } from '../test/house/sources.ts'

/** It asks every route of a whole server, and stands for the whole servers of all other tests. */
const everyRoute = 'server/src/matrix.test.ts'

/**
 * The test files that are run once more on another PostgreSQL. They use a database of the test server, by themselves or
 * through what they import, and it is what they are about: they stand in a room of `server/src`, where all SQL is, or
 * call a file of queries themselves, or ask every route. For the others, which have a whole server do something, the
 * database is one more thing that it needs. Filters are those that vitest was given.
 */
export function databaseTests(root: string, filters: readonly string[]): string[] {
  const tree = repositoryTree(root)
  return [...tree.keys()]
    .filter((path) => isTest(path))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .filter((path) => isInRoom(path) || path === everyRoute || callsQueries(tree, path))
    .filter((path) => reaches(tree, path, 'server/src/db/testing.ts'))
    .toSorted()
}

const isInRoom = (path: string): boolean => /^server\/src\/[^/]+\//.test(path)

const callsQueries = (tree: Tree, path: string): boolean =>
  importsOf(tree.get(path) ?? '').some((specifier) => /[/-]queries\.ts$/.test(specifier))

function reaches(tree: Tree, path: string, goal: string, seen = new Set<string>()): boolean {
  if (path === goal) return true
  if (seen.has(path)) return false
  seen.add(path)
  return importsOf(tree.get(path) ?? '').some((specifier) => {
    const target = resolveImport(path, specifier)
    return target !== null && reaches(tree, target, goal, seen)
  })
}

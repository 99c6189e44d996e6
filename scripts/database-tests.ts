import { importsOf, isTest, repositoryTree, resolveImport, type Tree } from '../test/house/sources.ts'

/**
 * The test files that use a database of the test server, by themselves or through what they import. Filters are those
 * that vitest was given.
 */
export function databaseTests(root: string, filters: readonly string[]): string[] {
  const tree = repositoryTree(root)
  return [...tree.keys()]
    .filter((path) => isTest(path))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .filter((path) => reaches(tree, path, 'server/src/db/testing.ts'))
    .toSorted()
}

function reaches(tree: Tree, path: string, goal: string, seen = new Set<string>()): boolean {
  if (path === goal) return true
  if (seen.has(path)) return false
  seen.add(path)
  return importsOf(tree.get(path) ?? '').some((specifier) => {
    const target = resolveImport(path, specifier)
    return target !== null && reaches(tree, target, goal, seen)
  })
}

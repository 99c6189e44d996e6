import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { matchesWord } from '@reeve/policy'

/** What is on the disk, as far as a plan asks for it. Links are told as links and followed only by `real`. */
export interface Tree {
  kind(path: string): 'file' | 'folder' | 'link' | 'other' | null
  /** Names in a folder; none where it cannot be read. */
  list(path: string): readonly string[]
  /** Null where it leads nowhere. */
  real(path: string): string | null
  /** Paths at which programs of this machine wait with a local socket. */
  sockets(): readonly string[]
}

export const machineTree: Tree = {
  kind: (path) => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return null
    if (found.isSymbolicLink()) return 'link'
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
  },
  list: (path) => quietly(() => readdirSync(path), []),
  real: (path) => quietly(() => realpathSync(path), null),
  sockets: () => quietly(() => socketPaths(readFileSync('/proc/net/unix', 'utf8')), []),
}

/** The eighth word of a line, where it is a path: a socket that was named from a working folder cannot be placed. */
const socketPaths = (table: string): readonly string[] => [
  ...new Set(table.split('\n').flatMap((line) => /^(?:\S+ +){7}(\/.*)$/.exec(line)?.[1] ?? [])),
]

function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** What a search may look at before it is given up: a workspace can hold millions of files. */
export interface SearchBudget {
  entriesLeft: number
}

/** Never searched for patterns that are good at any depth: what lies there is other people's. */
export const unsearched: ReadonlySet<string> = new Set(['node_modules', '.git', '.venv', 'target'])

/**
 * Paths below `root` that a pattern names: `*` within a segment, `**` for any depth. Links are named and not gone
 * through. What is not there is named only where the pattern is literal, and not here.
 */
export function expand(tree: Tree, root: string, pattern: readonly string[], budget: SearchBudget): readonly string[] {
  const [segment, ...rest] = pattern
  if (segment === undefined) return [root]
  if (segment === '**' && rest.length === 0) return tree.list(root).map((name) => `${root}/${name}`)
  if (segment === '**') {
    const here = expand(tree, root, rest, budget)
    const below = folders(tree, root, budget).flatMap((folder) => expand(tree, folder, pattern, budget))
    return [...here, ...below]
  }
  if (!segment.includes('*')) {
    const path = `${root}/${segment}`
    const kind = tree.kind(path)
    if (kind === null || (rest.length > 0 && kind !== 'folder')) return []
    return expand(tree, path, rest, budget)
  }
  const names = tree.list(root).filter((name) => matchesWord(segment, name))
  return names.flatMap((name) => {
    const path = `${root}/${name}`
    return rest.length > 0 && tree.kind(path) !== 'folder' ? [] : expand(tree, path, rest, budget)
  })
}

function folders(tree: Tree, root: string, budget: SearchBudget): readonly string[] {
  const names = tree.list(root)
  budget.entriesLeft -= names.length
  if (budget.entriesLeft < 0) return []
  return names
    .filter((name) => !unsearched.has(name))
    .map((name) => `${root}/${name}`)
    .filter((path) => tree.kind(path) === 'folder')
}

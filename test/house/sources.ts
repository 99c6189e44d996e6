import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** The text of every file of a tree, by its path from the root. */
export type Tree = ReadonlyMap<string, string>

/** What is tracked, and what would be tracked with the next commit. */
export function repositoryTree(root: string): Tree {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = listed
    .toString()
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

export const isSource = (path: string) => /\.tsx?$/.test(path) && !path.includes('__generated__/')
export const isTest = (path: string) => /\.test\.tsx?$/.test(path)
/** Tests, and the files beside them that only tests use. */
export const isForTests = (path: string) =>
  isTest(path) || /([/-]testing(-[^/]*)?|\.test-[a-z]+)\.tsx?$|\/testing\//.test(path)

/** Whatever a file names as a module: values, types, re-exports and modules that are loaded later alike. */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  const forms = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^'\n]+)'/gm,
    /^\s*import\s*'([^'\n]+)'/gm,
    /\bimport\(\s*'([^'\n]+)'/g,
    /\bnew URL\(\s*'(\.[^'\n]+\.ts)',\s*import\.meta\.url/g,
  ]
  return forms.flatMap((form) => [...code.matchAll(form)].map((found) => found[1]!))
}

/** The path that a relative import means; null for a package. */
export function resolveImport(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : null
}

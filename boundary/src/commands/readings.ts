import { basename, dirname, join } from 'node:path'
import type { Execution } from '@reeve/policy'

/**
 * Everything that one start of a program is, by name: the file itself, the name that it was asked by (a link to a
 * program of many names), what its `#!` line names, and the program that a loader runs in its own process. Each is decided; the strictest decision holds.
 *
 * Programs that start others (`env`, `sh -c`, `xargs`) are not read here: what they start is a start of its own.
 */
export function readings(asked: string, execution: Execution, beginning: Buffer): readonly Execution[] {
  const found = new Map<string, Execution>()
  const add = (path: string, argv: readonly string[], depth = 0) => {
    const key = [path, ...argv].join('\0')
    if (!found.has(key)) found.set(key, { path, argv, cwd: execution.cwd, exes: execution.exes })
    const inner = loaded(path, argv)
    if (inner !== null && depth < depthMax) add(inner.path, inner.argv, depth + 1)
  }
  add(execution.path, execution.argv)
  const name = basename(asked)
  if (name !== '' && name !== basename(execution.path)) add(join(dirname(execution.path), name), execution.argv)
  const script = interpreter(beginning)
  if (script !== null) add(script.path, [script.path, ...script.argv, execution.path, ...execution.argv.slice(1)])
  return [...found.values()]
}
const depthMax = 3

/** The `#!` line as the kernel reads it: the interpreter, and the rest of the line as one word. */
export function interpreter(beginning: Buffer): { readonly path: string; readonly argv: readonly string[] } | null {
  if (beginning[0] !== 0x23 || beginning[1] !== 0x21) return null
  const end = beginning.indexOf(0x0a)
  const line = beginning.toString('utf8', 2, end === -1 ? undefined : end).replace(/^[ \t]+|[ \t]+$/g, '')
  const [, path, argument] = /^([^ \t\0]+)[ \t]*([^\0]*)/.exec(line) ?? []
  if (path === undefined) return null
  return { path, argv: argument === undefined || argument === '' ? [] : [argument] }
}

/** What the loader of programs, called as a program, runs in its own process. */
function loaded(path: string, argv: readonly string[]): Pick<Execution, 'path' | 'argv'> | null {
  if (!loader.test(basename(path))) return null
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (!word.startsWith('--')) return { path: word, argv: argv.slice(at) }
    if (loaderOptionsWithWord.has(word)) at++
  }
  return null
}
const loader = /^ld(-linux.*|-musl.*|64)?\.so(\.\d+)?$|^ld-\d+\.\d+\.so$/
const loaderOptionsWithWord: ReadonlySet<string> = new Set([
  '--library-path',
  '--preload',
  '--audit',
  '--argv0',
  '--inhibit-rpath',
  '--glibc-hwcaps-prepend',
  '--glibc-hwcaps-mask',
])

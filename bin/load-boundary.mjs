import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { createRequire, enableCompileCache } from 'node:module'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const cache = join(root, 'node_modules/.cache')
const bundle = join(cache, 'boundary/boundary.cjs')

/**
 * The boundary as one file of CommonJS, which starts in half the time that its 250 modules take: each of those is found,
 * read and linked, and Node shows a module of its own to other modules only after it has loaded everything that the
 * module could ever need. The file is made at the first start after a change; where it cannot be, as for a user who may
 * not write here, the sources run as they are.
 *
 * @returns {Promise<{ runBoundary: (argv: readonly string[]) => Promise<void> }>}
 */
export async function loadBoundary() {
  enableCompileCache(join(cache, 'compile'))
  if (isFresh() || isMade()) return createRequire(import.meta.url)(bundle)
  return await import('./run-boundary.mjs')
}

/** Its first line names what it was made from: path, size and second of the last change of each file. */
function isFresh() {
  try {
    const text = readFileSync(bundle, 'utf8')
    /** @type {readonly [string, number, number][]} */
    const inputs = JSON.parse(text.slice('// '.length, text.indexOf('\n')))
    return inputs.every(([path, size, second]) => {
      const found = statSync(join(root, path), { throwIfNoEntry: false })
      return found?.size === size && Math.floor(found.mtimeMs / 1000) === second
    })
  } catch {
    return false
  }
}

/** In a process of its own: the bundler's memory and threads are nothing that a supervisor should keep. */
function isMade() {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/bundle-boundary.mjs'), root, bundle])
  return status === 0
}

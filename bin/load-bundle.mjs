import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { createRequire, enableCompileCache } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const cache = join(root, 'node_modules/.cache')
/** Several times what the server's two thousand modules need. */
const firstLineBytesMax = 512 * 1024

/** What is started as one file, by its name: the first module of each, from the top of the checkout. */
const programs = {
  server: 'server/src/main.ts',
  drain: 'server/src/gateway/drain/drain-process.ts',
  gateway: 'server/src/gateway-process.ts',
  cli: 'cli/src/main.ts',
  boundary: 'bin/run-boundary.mjs',
}

/**
 * A program of ours as one file of CommonJS, which starts in a fraction of the time that its hundreds of modules take:
 * each of those is found, read and linked, and Node shows a module of its own to other modules only after it has loaded
 * everything that the module could ever need. The file is made at the first start after a change; where it cannot be, as
 * for a user who may not write here, the sources run as they are.
 *
 * @param {keyof typeof programs} name
 */
export async function loadBundle(name) {
  enableCompileCache(join(cache, 'compile'))
  const bundle = ensureBundle(name)
  return bundle === null ? await import(`../${programs[name]}`) : createRequire(import.meta.url)(bundle)
}

/** For who starts them as a user who may not write here. Gives the names of those that could not be made. */
export function ensureBundles() {
  return Object.keys(programs).filter((name) => ensureBundle(name) === null)
}

/** @returns {string | null} The path of the file, made where it has to be; null where it cannot be. */
function ensureBundle(name) {
  const bundle = join(cache, name, `${name}.cjs`)
  return isFresh(bundle) || (canBeKept(bundle) && isMade(programs[name], bundle)) ? bundle : null
}

/** Its first line names what it was made from: path, size and second of the last change of each file; and where. */
function isFresh(bundle) {
  try {
    /** @type {{ readonly root: string, readonly inputs: readonly [string, number, number][] }} */
    const made = JSON.parse(firstLine(bundle).slice('// '.length))
    if (made.root !== root) return false
    return made.inputs.every(([path, size, second]) => {
      const found = statSync(join(root, path), { throwIfNoEntry: false })
      return found?.size === size && Math.floor(found.mtimeMs / 1000) === second
    })
  } catch {
    return false
  }
}

/** The rest is megabytes, which are read when they are run. */
function firstLine(file) {
  const start = Buffer.alloc(firstLineBytesMax)
  const handle = openSync(file, 'r')
  try {
    readSync(handle, start)
  } finally {
    closeSync(handle)
  }
  return start.toString('utf8', 0, start.indexOf('\n'))
}

/** Asked first, so that who may not write here does not make one in vain at every start. */
function canBeKept(bundle) {
  try {
    mkdirSync(dirname(bundle), { recursive: true })
    accessSync(dirname(bundle), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * In a process of its own: the bundler's memory and threads are nothing that a supervisor should keep, and the keys in
 * our environment nothing that it should see.
 */
function isMade(entry, bundle) {
  const { LD_LIBRARY_PATH } = process.env
  const env = LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }
  const args = [join(root, 'scripts/bundle.mjs'), root, entry, bundle]
  return spawnSync(process.execPath, args, { cwd: root, env }).status === 0
}

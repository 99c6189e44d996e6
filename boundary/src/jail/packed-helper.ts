import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Fault } from '@reeve/base'
import { systemPath } from './system-program.ts'

/**
 * The native helper of a boundary that came as one file. At the end of that file stand comments:
 *
 *     // helper <architecture> <sha256> <the program, as gzip in base64>
 *     // sources <sha256> <its sources and the script that builds them, as JSON by path, as gzip in base64>
 *
 * The program for this machine is unpacked beside the file, and looked at again at each start; for a machine that there is
 * none for, it is built once. Nobody but the user may write there, and nothing that a boundary confines.
 */
export function packedHelper(file: string, architecture: string = process.arch): string {
  const lines = packedLines(file)
  const folder = dirname(file)
  const program = lines.find(([kind, name]) => kind === 'helper' && name === architecture)
  if (program !== undefined) return unpacked(folder, program)
  const sources = lines.find(([kind]) => kind === 'sources')
  if (sources === undefined) throw new Fault('internal', 'this boundary came without its native helper')
  return built(folder, sources)
}

/** Those at the end, without what stands before them: the boundary itself. */
function packedLines(file: string): string[][] {
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => line.startsWith('// helper ') || line.startsWith('// sources '))
    .map((line) => line.slice('// '.length).split(' '))
}

function unpacked(folder: string, [, , sha256 = '', packed = '']: readonly string[]): string {
  const path = join(folder, `boundary-native-${sha256.slice(0, 16)}`)
  if (existsSync(path) && hashOf(readFileSync(path)) === sha256) return path
  const program = gunzipSync(Buffer.from(packed, 'base64'))
  if (hashOf(program) !== sha256) throw new Fault('internal', 'the native helper came broken')
  // Beside its place and then moved, so that two that start at once do not see half of it.
  const part = `${path}.${process.pid}`
  writeFileSync(part, program)
  chmodSync(part, 0o700)
  renameSync(part, path)
  return path
}

function built(folder: string, [, sha256 = '', packed = '']: readonly string[]): string {
  const root = join(folder, `native-${sha256.slice(0, 16)}`)
  // SAFETY: whoever packed it, packed texts by path.
  const files = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')) as Record<string, string>
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const build = spawnSync('/bin/sh', [join(root, 'scripts/build-native.sh')], {
    encoding: 'utf8',
    env: { ...process.env, PATH: systemPath },
  })
  if (build.status === 0) return build.stdout.trim()
  rmSync(root, { recursive: true, force: true })
  throw new Fault('unavailable', `this boundary has no native helper for ${process.arch}, and could not build one`, {
    fix: 'put gcc and libc6-dev into the image of the workspace',
  })
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

import type { Stats } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Fault, toError } from '@reeve/base'
import { pack } from 'tar-stream'
import type { Io } from '../io.ts'
import { type Ignore, ignoreFile, readIgnore } from './template-ignore.ts'

/** An archive to be pushed, and what is in it. */
export interface Source {
  readonly type: 'application/x-tar' | 'application/gzip' | 'application/zip'
  readonly bytes: Uint8Array
  /** Null where it came as an archive already. */
  readonly files: number | null
}

/**
 * What Terraform keeps beside a template, and what is not part of it: state and variables may hold secrets. The modules
 * that it has fetched are part of it, so that nobody has to fetch them again.
 */
const ignored = /^(?:\.git|\.terraform\.tfstate\.lock\.info|terraform\.tfstate(?:\..*)?|crash\.log)$/
const bytesMax = 10 * 1024 * 1024

/** A folder is packed; `-` is an archive on stdin. */
export async function readSource(io: Pick<Io, 'cwd' | 'stdin'>, folder: string): Promise<Source> {
  if (folder === '-') {
    const bytes = await buffer(io.stdin)
    if (bytes.length === 0) throw new Fault('invalid', 'there is no archive on stdin')
    return { type: typeOf(bytes), bytes, files: null }
  }
  const root = resolve(io.cwd, folder)
  const paths = await filesOf(root).catch((thrown: unknown) => {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('invalid', `cannot read ${root}: ${toError(thrown).message}`, { cause: thrown })
  })
  if (!paths.some((path) => /\.(?:tf|tofu)(?:\.json)?$/.test(path) && !path.includes('/'))) {
    throw new Fault('invalid', `${root} has no Terraform in it`, { fix: 'name the folder that main.tf is in' })
  }
  const bytes = await packed(root, paths)
  if (bytes.length > bytesMax) {
    throw new Fault('too_large', `the template has ${bytes.length} bytes, and at most ${bytesMax} are taken`)
  }
  return { type: 'application/x-tar', bytes, files: paths.length }
}

async function filesOf(root: string): Promise<string[]> {
  const text = await readFile(join(root, ignoreFile), 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return ''
    throw thrown
  })
  return filesBelow(root, root, readIgnore(text))
}

/** In one order, so that the same folder is the same archive. */
async function filesBelow(root: string, folder: string, left: Ignore): Promise<string[]> {
  const found: string[] = []
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.test(entry.name) || (basename(folder) === '.terraform' && entry.name !== 'modules')) continue
    const path = join(folder, entry.name)
    const name = relative(root, path).split(sep).join('/')
    // What is left out may be anything, a link to nowhere as well.
    if (left.folder(name) || (!entry.isDirectory() && left.file(name))) continue
    const kind = entry.isSymbolicLink() ? await kindWithin(root, path) : entry
    if (kind.isDirectory()) found.push(...(await filesBelow(root, path, left)))
    else if (kind.isFile()) found.push(name)
    else throw new Fault('invalid', `${path} is neither a file nor a folder`)
  }
  return found
}

/** A link is packed as what it leads to: an archive has none. What is outside of the template stays outside. */
async function kindWithin(root: string, path: string): Promise<Stats> {
  const [top, target] = await Promise.all([realpath(root), realpath(path)])
  if (!target.startsWith(top + sep) || path.startsWith(resolve(root, relative(top, target)) + sep)) {
    throw new Fault('invalid', `${path} is a link out of the template, or in a circle`, {
      fix: 'put what it leads to in its place',
    })
  }
  return stat(target)
}

async function packed(root: string, paths: readonly string[]): Promise<Uint8Array> {
  const archive = pack()
  const collected = Array.fromAsync(archive)
  for (const name of paths) {
    const path = join(root, name)
    const isExecutable = ((await stat(path)).mode & 0o100) !== 0
    archive.entry({ name, mode: isExecutable ? 0o755 : 0o644, mtime: new Date(0) }, await readFile(path))
  }
  archive.finalize()
  return Buffer.concat(await collected)
}

export function typeOf(bytes: Uint8Array): Source['type'] {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'application/gzip'
  return bytes[0] === 0x50 && bytes[1] === 0x4b ? 'application/zip' : 'application/x-tar'
}

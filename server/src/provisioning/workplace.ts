import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '@reeve/base'
import { isOverride } from './configuration.ts'
import type { Account, View } from './sandbox.ts'
import type { SourceFile } from './source-file.ts'

/** The folders of one run; they go away with it. */
export interface Workplace extends AsyncDisposable {
  readonly source: string
  readonly home: string
  readonly temporary: string
  /** Beside the state, where the account may write as well. */
  readonly planFile: string
  readonly variablesFile: string
  /** Null where no variable is ephemeral. */
  readonly ephemeralFile: string | null
  readonly cliConfigFile: string
  readonly socketPath: string
  /** The account owns a socket that we have made. */
  own(path: string): void
  view(extra?: Partial<Pick<View, 'readable' | 'writable'>>): View
  readState(): Buffer | null
}

interface Contents {
  readonly source: readonly SourceFile[]
  readonly state: Uint8Array | null
  /** The values of the template's variables, in Terraform's JSON form. */
  readonly variables: string
  /** Those of them that no plan keeps, in the same form. */
  readonly ephemeral: string | null
  /** Terraform's own configuration, in which nothing of the machine's users has a part. */
  readonly cliConfig: string
}

const prefix = 'reeve-run-'
const stateBytesMax = 256 * 1024 * 1024

/**
 * Ours is the folder above; what the account may write lies in folders below that it cannot exchange for others. So what
 * we read of it later, by a path, is where we have put it.
 */
export function makeWorkplace(parent: string, account: Account | null, contents: Contents): Workplace {
  const root = mkdtempSync(join(parent, `${prefix}${process.pid}-${startOf(process.pid)}-`))
  try {
    chmodSync(root, account === null ? 0o700 : 0o711)
    const own = (path: string) => {
      if (account !== null) chownSync(path, account.uid, account.gid)
    }
    const folder = (name: string) => {
      const path = join(root, name)
      mkdirSync(path, { mode: 0o700 })
      own(path)
      return path
    }
    const [source, home, temporary, state, provider] = ['source', 'home', 'tmp', 'state', 'provider'].map(folder) as [
      string,
      string,
      string,
      string,
      string,
    ]
    const file = (path: string, content: Uint8Array | string, mode: number) => {
      writeFileSync(path, content, { mode, flag: 'wx' })
      own(path)
      return path
    }
    writeSource(source, contents.source, own)
    const stateFile = join(state, 'terraform.tfstate')
    // It goes before what a template says about backends: the state is ours to keep.
    const backend = JSON.stringify({ terraform: { backend: { local: { path: stateFile } } } })
    writeOverride(source, backend, own)
    if (contents.state !== null) file(stateFile, contents.state, 0o600)
    const variablesFile = file(join(state, 'variables.tfvars.json'), contents.variables, 0o400)
    const { ephemeral } = contents
    const ephemeralFile = ephemeral === null ? null : file(join(state, 'ephemeral.tfvars.json'), ephemeral, 0o400)
    const cliConfigFile = file(join(state, 'terraformrc'), contents.cliConfig, 0o400)
    const writable = [source, home, state, provider]
    return {
      source,
      home,
      temporary,
      planFile: join(state, 'plan'),
      variablesFile,
      ephemeralFile,
      cliConfigFile,
      socketPath: join(provider, 'coder.sock'),
      own,
      view: (extra = {}) => ({
        cwd: source,
        temporary,
        readable: extra.readable ?? [],
        writable: [...writable, ...(extra.writable ?? [])],
      }),
      readState: () => newestState([join(source, 'errored.tfstate'), stateFile, `${stateFile}.backup`], account),
      [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
    }
  } catch (thrown) {
    rmSync(root, { recursive: true, force: true })
    throw thrown
  }
}

/** What runs left whose server was killed. In a container each server may have the same process id. */
export function removeAbandoned(parent: string): string[] {
  const abandoned = readdirSync(parent).filter((name) => {
    const [, pid, start] = new RegExp(`^${prefix}(\\d+)-(\\d+)-`).exec(name) ?? []
    return pid !== undefined && startOf(Number(pid)) !== start
  })
  return abandoned.filter((name) => {
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
      return true
    } catch {
      // Another user's, in a folder that we share.
      return false
    }
  })
}

/** When a process was started, in ticks since the machine was; with its id it is told from every other. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function writeSource(folder: string, files: readonly SourceFile[], own: (path: string) => void): void {
  const made = new Set([folder])
  const ensure = (path: string) => {
    if (made.has(path)) return
    ensure(dirname(path))
    mkdirSync(path, { mode: 0o700 })
    own(path)
    made.add(path)
  }
  for (const { path, content, executable } of files) {
    const target = join(folder, path)
    ensure(dirname(target))
    writeFileSync(target, content, { mode: executable ? 0o700 : 0o600, flag: 'wx' })
    own(target)
  }
}

const ours = '~reeve_override.tf.json'

/** Override files are merged in the order of their names, as bytes. One behind ours, or in its place, would undo it. */
function writeOverride(folder: string, backend: string, own: (path: string) => void): void {
  const ourBytes = Buffer.from('~reeve_override.')
  for (const name of readdirSync(folder)) {
    if (!isOverride(name) || Buffer.compare(Buffer.from(name), ourBytes) < 0) continue
    throw new Fault(
      'invalid',
      `a template cannot have a file named ${name}: it goes before what Reeve says of the state`,
    )
  }
  const path = join(folder, ours)
  writeFileSync(path, backend, { mode: 0o400, flag: 'wx' })
  own(path)
}

/**
 * Terraform writes the state in place: one that was killed in the middle of it leaves half of one, and the whole one from
 * before beside it. What it could not write where it belongs it leaves in `errored.tfstate`.
 */
function newestState(paths: readonly string[], account: Account | null): Buffer | null {
  for (const path of paths) {
    const state = readOwn(path, account)
    if (state !== null && isJson(state)) return state
  }
  return null
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

/**
 * A file that the run has written. A template may have put anything in its place, and we may read more than it: so no
 * links of either kind, and nothing that is not a plain file of the run's own.
 */
function readOwn(path: string, account: Account | null): Buffer | null {
  let handle: number
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const found = fstatSync(handle)
    const isOurs = found.uid === (account?.uid ?? process.getuid?.())
    if (!found.isFile() || found.nlink !== 1 || !isOurs || found.size === 0) return null
    if (found.size > stateBytesMax) throw new Fault('too_large', `the state has more than ${stateBytesMax} bytes`)
    const bytes = Buffer.alloc(found.size)
    return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(handle)
  }
}

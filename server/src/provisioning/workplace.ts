import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault, type Uuid } from '@reeve/base'
import { labelRun, runPrefix } from './abandoned-runs.ts'
import { isOverride } from './configuration.ts'
import { newestState, stateFileOf } from './run-state.ts'
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
  /** Null for a run whose state nobody keeps. */
  readonly buildId: Uuid | null
  readonly source: readonly SourceFile[]
  readonly state: Uint8Array | null
  /** The values of the template's variables, in Terraform's JSON form. */
  readonly variables: string
  /** Those of them that no plan keeps, in the same form. */
  readonly ephemeral: string | null
  /** Terraform's own configuration, in which nothing of the machine's users has a part. */
  readonly cliConfig: string
}

/**
 * Ours is the folder above; what the account may write lies in folders below that it cannot exchange for others. So what
 * we read of it later, by a path, is where we have put it.
 */
export function makeWorkplace(parent: string, account: Account | null, contents: Contents): Workplace {
  const root = mkdtempSync(join(parent, runPrefix()))
  try {
    chmodSync(root, account === null ? 0o700 : 0o711)
    labelRun(root, contents.buildId, account)
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
    const stateFile = stateFileOf(root)
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
      readState: () => newestState(root, account?.uid),
      [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
    }
  } catch (thrown) {
    rmSync(root, { recursive: true, force: true })
    throw thrown
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

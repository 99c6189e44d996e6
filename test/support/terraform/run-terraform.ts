import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { temporaryFolder } from '../temporary-folder.ts'
import { whySkipped } from '../why-skipped.ts'

const engine = ['terraform', 'tofu']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path))

/** Why tests with the real engine cannot run here; null where they can. */
export function whyNoTerraform(what: string): string | null {
  return whySkipped(what, engine === undefined ? 'neither terraform nor tofu was found on the path' : null)
}

/** Why tests of a state that grows cannot run here; null where they can. */
export function whyStateIsLate(what: string): string | null {
  const isTofu = engine !== undefined && basename(engine) === 'tofu'
  const late = isTofu ? 'OpenTofu writes the state that grows every twenty seconds at most' : null
  return whyNoTerraform(what) ?? whySkipped(what, late)
}

export interface TerraformRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A template in a folder of its own, with its state beside it. */
export interface Template extends Disposable {
  readonly path: string
  /** Puts files into it, by their path in the folder. */
  write(files: Readonly<Record<string, string>>): void
  /** Where a provider that is served for it may listen. */
  readonly socketPath: string
  /** Runs Terraform in it with the providers that are served. */
  run(reattach: string, ...args: readonly string[]): Promise<TerraformRun>
}

export function template(files: Readonly<Record<string, string>>): Template {
  const folder = temporaryFolder()
  const write: Template['write'] = (more) => {
    for (const [name, content] of Object.entries(more)) {
      mkdirSync(dirname(join(folder.path, name)), { recursive: true })
      writeFileSync(join(folder.path, name), content)
    }
  }
  write(files)
  return {
    path: folder.path,
    socketPath: join(folder.path, '.serving', 'coder.sock'),
    write,
    run: (reattach, ...args) => runTerraform(folder.path, reattach, args),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

async function runTerraform(path: string, reattach: string, args: readonly string[]): Promise<TerraformRun> {
  if (engine === undefined) throw new Error('neither terraform nor tofu was found on the path')
  const child = spawn(engine, args, {
    cwd: path,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: path,
      CHECKPOINT_DISABLE: '1',
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      TF_CLI_CONFIG_FILE: '/dev/null',
      TF_REATTACH_PROVIDERS: reattach,
    },
  })
  const ended = new Promise<number>((done, failed) => {
    child.on('error', failed)
    child.on('close', (code) => done(code ?? -1))
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

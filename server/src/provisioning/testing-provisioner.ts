import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { systemAccount } from '../db/embedded/account.ts'
import { openProvisioner, type Provisioner, type ProvisionerOptions, type ProvisionerSettings } from './provisioner.ts'
import type { BuildRun, LogLine } from './run.ts'
import type { SourceFile } from './source-file.ts'
import { buildContext } from './testing.ts'

/** Null where the tests are not run by root. */
export const testAccount = () =>
  systemAccount('reeve-terraform', { message: 'the system user of tests cannot be made', fix: 'run them as yourself' })

export interface TestProvisioner extends AsyncDisposable {
  readonly provisioner: Provisioner
  /** Open to the run's user; the folders of runs are in `runs`. */
  readonly folder: string
}

export async function testProvisioner(
  changes: Partial<ProvisionerSettings> = {},
  more: Partial<Pick<ProvisionerOptions, 'env' | 'log' | 'rescue' | 'serve'>> = {},
): Promise<TestProvisioner> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-provisioner-'))
  chmodSync(folder, 0o755)
  const runsFolder = join(folder, 'runs')
  mkdirSync(runsFolder, { mode: 0o755 })
  const settings: ProvisionerSettings = {
    isolation: 'auto',
    reachable: [],
    hidden: [],
    terraformPath: null,
    mirror: null,
    cacheFolder: join(folder, 'cache'),
    runsFolder,
    passedVariables: [],
    ...changes,
  }
  const account = await testAccount()
  const usual = { env: process.env, log: silentLog, clock: systemClock, rescue: async () => true }
  const provisioner = await openProvisioner({ settings, account, ...usual, ...more })
  return {
    provisioner,
    folder,
    [Symbol.asyncDispose]: async () => {
      await provisioner[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const sourceOf = (files: Readonly<Record<string, string>>): SourceFile[] =>
  Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text), executable: false }))

/** A run of a template that is one file, or several; what it says is kept. */
export function testRun(
  template: string | Readonly<Record<string, string>>,
  changes: Partial<BuildRun> = {},
): BuildRun & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const never = new AbortController().signal
  return {
    source: sourceOf(typeof template === 'string' ? { 'main.tf': template } : template),
    context: buildContext(),
    variables: new Map(),
    state: null,
    signal: never,
    force: never,
    onLog: (line) => lines.push(line),
    lines,
    ...changes,
  }
}

export const requireCoder = `
terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
`

/** What was logged, as one text. */
export const said = ({ lines }: { readonly lines: readonly LogLine[] }): string =>
  lines.map(({ text }) => text).join('\n')

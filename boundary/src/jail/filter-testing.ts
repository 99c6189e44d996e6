import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import type { Fact } from '../audit/event.ts'
import { type Fence, fenceRecord } from './fence-record.ts'
import type { Caller, Destination } from './jail.ts'
import { nativeHelper } from './native-helper.ts'

/** What tests of the jails need: the helper, a small program in C, and a folder that another user may enter. */

const sources = resolve(import.meta.dirname, '../../native/testing')

/** Null where nothing can be compiled or the machine is not Linux: such tests say that they are skipped. */
export function helperForTests(): string | null {
  if (process.platform !== 'linux') return null
  try {
    return nativeHelper()
  } catch {
    return null
  }
}

/** Compiles a program of `boundary/native/testing`; its path. */
export function compiled(name: 'bomb' | 'calls' | 'race' | 'starts', folder: string): string {
  const program = join(folder, name)
  const done = spawnSync('gcc', ['-D_GNU_SOURCE', '-O1', '-pthread', '-o', program, join(sources, `${name}.c`)], {
    encoding: 'utf8',
  })
  if (done.status !== 0) throw new Error(done.stderr)
  return program
}

export interface Place extends Disposable {
  readonly path: string
  readonly workspace: string
  readonly own: string
}

/** Folders for one sandbox, which every user may write. */
export function place(): Place {
  const path = mkdtempSync('/tmp/reeve-boundary-')
  const workspace = join(path, 'workspace')
  const own = join(path, 'own')
  for (const folder of [path, workspace, own, join(own, 'tmp')]) {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o777)
  }
  return { path, workspace, own, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** The fence that holds nothing up and opens every file: for what the filter refuses by itself. */
export const openFence: Fence = { rules: [], hold: [], datagrams: false, files: false, noTcp: false, scope: false }

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** Runs a command under a fence that asks nobody, and waits for its end. */
export async function underFence(
  helper: string,
  fence: Fence | Buffer,
  command: readonly string[],
  uid?: number,
  around: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(helper, ['confine', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...around,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const [, out, err, record] = child.stdio
  if (!(record instanceof Writable) || out === null || err === null) throw new Error('the helper has no pipes')
  record.end(Buffer.isBuffer(fence) ? fence : fenceRecord(fence))
  const said = Promise.all([text(out), text(err)])
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) => {
    child.on('close', (...how) => done(how))
  })
  const [outText, errText] = await said
  return { code, signal, out: outText, err: errText }
}

export const isRoot = process.getuid?.() === 0
/** A user without any right; there need be no name for it. */
export const ordinaryUser = 61_001

export const hasProgram = (name: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0

/** What a supervisor of `filter-jail.test-child.ts` is told. */
export interface Sandboxed {
  readonly command: readonly string[]
  readonly workspace: string
  readonly own: string
  readonly facts: string
  readonly tier: 2 | 3
  readonly policy: string
  readonly read: readonly string[]
  readonly answer: 'approved' | 'declined'
}

/** Whom the supervisor runs as. `container`: an ordinary user under a filter like those of container engines. */
export type Setting = 'root' | 'user' | 'container'

/** A line of the supervisor; it has what it is about. */
export interface Told {
  readonly ready?: number
  readonly connection?: Destination
  readonly socket?: string
  readonly caller?: Caller
  readonly record?: Fact
  readonly code?: number | null
  readonly signal?: NodeJS.Signals | null
}

export interface Sandbox {
  readonly process: ChildProcess
  readonly place: Place
  readonly told: () => readonly Told[]
  readonly result: Promise<Ended>
}

const anyCommand = 'apiVersion: reeve/v1\nname: test\n'

export function sandbox(
  helper: string,
  setting: Setting,
  script: string,
  { place: at = place(), policy = anyCommand, answer = 'declined', tier = 2, read = [] }: Partial<Sandboxed> & { place?: Place } = {}, // prettier-ignore
): Sandbox {
  const facts = join(at.path, 'facts')
  writeFileSync(facts, '')
  chmodSync(facts, 0o666)
  const spec: Sandboxed = {
    command: ['sh', '-c', script],
    ...at,
    facts,
    tier,
    policy,
    answer,
    read: [at.path, ...read],
  }
  const supervisor = [process.execPath, join(import.meta.dirname, 'filter-jail.test-child.ts'), JSON.stringify(spec)]
  const [program = '', ...words] = setting === 'container' ? [helper, 'confine', ...supervisor] : supervisor
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...(setting === 'root' || !isRoot ? {} : { uid: ordinaryUser, gid: ordinaryUser }),
  })
  const [, out, err, record] = child.stdio
  if (!(record instanceof Writable) || out === null || err === null) throw new Error('the supervisor has no pipes')
  record.on('error', () => {})
  record.end(fenceRecord({ ...openFence, datagrams: true }))
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((done) => child.on('close', (...how) => done(how)))
  const result = Promise.all([ended, text(out), text(err)]).then(([[code, signal], outText, errText]) => ({
    code,
    signal,
    out: outText,
    err: errText,
  }))
  const told = () => readFileSync(facts, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)) // prettier-ignore
  return { process: child, place: at, told, result }
}

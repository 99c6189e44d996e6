import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { startServer, type RunningServer } from '../test/support/server.ts'
import { processTree, residentBytes } from '../test/support/processes.ts'
import { commandOf, machineCpuSeconds, treeCpuSeconds } from './cpu.ts'
import type { Load, Tally } from './load.ts'
import { installPeer } from './install-peer.ts'
import { portkey, portkeyHeaders } from './portkey.ts'

/**
 * The rig: provider, load generator and PostgreSQL share the first core, the gateway has the second for itself, its
 * drain included. All subjects of one run meet the same provider and the same load.
 */
const loadCore = '0'
const gatewayCore = '1'

/** In this order, within each round. Portkey is missing where npm cannot be reached, or nobody asked for it. */
export const subjectNames = ['direct', 'bare', 'reeve', 'portkey'] as const
export type SubjectName = (typeof subjectNames)[number]

export interface Subject {
  readonly name: SubjectName
  readonly port: number
  readonly prefix: string
  readonly token: string
  readonly moreHeaders: string
  /** Null for the direct connection. */
  readonly pid: number | null
  readonly server: RunningServer | null
}

export interface Measurement extends Tally {
  /** CPU of the gateway during the measured time; with its PostgreSQL, and until the record has caught up. */
  readonly cpuSeconds: number
  readonly cpuSecondsWithDrain: number
  /** Cores used meanwhile by processes that are no part of the benchmark. */
  readonly foreignCores: number
  readonly residentBytes: number
}

export interface Rig extends AsyncDisposable {
  readonly subjects: readonly Subject[]
  readonly reeve: Subject & { readonly server: RunningServer }
  /** Why Portkey is not among them; empty when it is, or was not asked for. */
  readonly missing: string
  measure(subject: Subject, load: LoadOptions): Promise<Measurement>
}

export type LoadOptions = Omit<Load, 'port' | 'prefix' | 'token' | 'moreHeaders' | 'sha256' | 'seed'>

export interface RigOptions {
  readonly sha256?: boolean
  readonly nodeFlags?: readonly string[]
  readonly portkey?: boolean
  /** More of the environment of the server. */
  readonly env?: Readonly<Record<string, string>>
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  if (cpus().length < 2) throw new Error('the benchmark needs two cores: one for the load, one for the gateway')
  const sha256 = options.sha256 ?? false
  const provider = await startChild(loadCore, 'provider.ts', sha256 ? ['--sha256'] : [])
  const bare = await startChild(gatewayCore, 'bare-proxy.ts', [`http://127.0.0.1:${provider.port}`])
  const peer = options.portkey === true ? await startPortkey(provider.port) : null
  const load = spawnChild(loadCore, 'load.ts', [])
  const server = await startServer({
    cores: gatewayCore,
    nodeFlags: options.nodeFlags ?? [],
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: `http://127.0.0.1:${provider.port}`,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-bench-000000000000',
      REEVE_LOG: 'json',
      ...options.env,
    },
  })
  const token = await server.gatewayToken()
  for (const pid of processTree(server.pid())) {
    if (commandOf(pid) === 'postgres') execFileSync('taskset', ['-cp', loadCore, String(pid)], { stdio: 'ignore' })
  }
  const reeve = {
    name: 'reeve',
    port: server.port,
    prefix: '/api/v2/aibridge/anthropic',
    token,
    moreHeaders: '',
    pid: server.pid(),
    server,
  } as const
  const plain = { prefix: '', token: 'bench', moreHeaders: '', server: null }
  let seed = 0

  return {
    reeve,
    subjects: [
      { name: 'direct', port: provider.port, pid: null, ...plain },
      { name: 'bare', port: bare.port, pid: bare.child.pid!, ...plain },
      reeve,
      ...(peer !== null && 'subject' in peer ? [{ ...plain, ...peer.subject }] : []),
    ],
    missing: peer !== null && 'skipped' in peer ? peer.skipped : '',
    async measure(subject, loadOptions) {
      const { port, prefix, token, moreHeaders } = subject
      // Everything that belongs to the benchmark descends from this process.
      const counted = (): number => treeCpuSeconds(process.pid)
      const gateway = (): number => (subject.pid === null ? 0 : treeCpuSeconds(subject.pid, 'postgres'))
      const withDatabase = (): number => (subject.pid === null ? 0 : treeCpuSeconds(subject.pid))
      const now = () => ({
        machine: machineCpuSeconds(),
        ours: counted(),
        gateway: gateway(),
        withDatabase: withDatabase(),
      })
      let before = now()
      let after = before
      let memory = 0
      const tally = await new Promise<Tally>((resolve, reject) => {
        const gone = (): void => reject(new Error('the load generator died'))
        load.once('exit', gone)
        const hear = (message: { measuring?: true; measured?: true; tally?: Tally }): void => {
          if (message.measuring) before = now()
          if (message.measured) {
            after = now()
            memory = subject.pid === null ? 0 : residentBytes(subject.pid)
          }
          if (message.tally === undefined) return
          load.off('message', hear)
          load.off('exit', gone)
          resolve(message.tally)
        }
        load.on('message', hear)
        load.send({ ...loadOptions, port, prefix, token, moreHeaders, sha256, seed: ++seed } satisfies Load)
      })
      const cpuSeconds = after.gateway - before.gateway
      if (subject.server !== null) await caughtUp(subject.server)
      // What the drain did for requests before the measured time is charged to it too: the steady state is the same.
      const cpuSecondsWithDrain = withDatabase() - before.withDatabase
      const seconds = Math.max(0.001, tally.seconds)
      const foreignCores = (after.machine - before.machine - (after.ours - before.ours)) / seconds
      return { ...tally, cpuSeconds, cpuSecondsWithDrain, foreignCores, residentBytes: memory }
    },
    async [Symbol.asyncDispose]() {
      load.kill()
      bare.child.kill()
      if (peer !== null && 'child' in peer) peer.child.kill()
      provider.child.kill()
      await server[Symbol.asyncDispose]()
    },
  }
}

type Peer =
  | { readonly child: ChildProcess; readonly subject: Pick<Subject, 'name' | 'port' | 'pid' | 'moreHeaders'> }
  | { readonly skipped: string }

async function startPortkey(providerPort: number): Promise<Peer> {
  const installed = await installPeer(portkey)
  if ('skipped' in installed) return installed
  const port = await freePort()
  const command = [process.execPath, installed.script, `--port=${port}`, '--headless']
  const child = spawn('taskset', ['-c', gatewayCore, ...command], {
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (child.exitCode !== null || tries === 300) return { skipped: 'it did not start' }
    await pause(100)
  }
  return { child, subject: { name: 'portkey', port, pid: child.pid!, moreHeaders: portkeyHeaders(providerPort) } }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until everything that is in the journal is in PostgreSQL as well. */
export async function caughtUp(server: RunningServer): Promise<void> {
  for (;;) {
    const status = await server.api('GET', '/api/v2/aibridge/status')
    if (status.json.journal?.pending_bytes === 0) return
    await pause(100)
  }
}

function spawnChild(core: string, file: string, args: readonly string[]): ChildProcess {
  const script = join(import.meta.dirname, file)
  return spawn('taskset', ['-c', core, process.execPath, script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function startChild(
  core: string,
  file: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawnChild(core, file, args)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port))
    child.once('exit', () => reject(new Error(`${file} did not start`)))
  })
  return { child, port }
}

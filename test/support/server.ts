import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ask } from './client.ts'
import { freePort } from './free-port.ts'
import { endLocalWorkspaces } from './local-workspaces.ts'
import { processesUsing } from './processes.ts'

const repository = resolve(import.meta.dirname, '../..')
const readyWithinMs = 300_000

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Runs the server on these cores only. */
  readonly cores?: string
  readonly nodeFlags?: readonly string[]
  /** Tells it its own address, for other servers of one deployment. */
  readonly relay?: boolean
  /** Set to false to leave setup open; there is no owner and no token then. */
  readonly firstOwner?: boolean
}

/** The real `reeve server` in a process of its own, on a data directory of its own. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** A session of the first owner, with every scope. */
  readonly ownerToken: string
  readonly pid: () => number
  readonly output: () => string
  /** SIGKILL to the server alone: what it started is left behind, as in a real crash. */
  kill(): Promise<void>
  /** SIGTERM, and waits until the process is gone. Gives its exit code. */
  stop(): Promise<number | null>
  /** Starts it again on the same port and data, and waits until it is ready. */
  start(): Promise<void>
  /** The process id of the embedded PostgreSQL's postmaster, or null when none is up. */
  postmasterPid(): number | null
  api(method: string, path: string, body?: unknown, token?: string): Promise<ApiAnswer>
  /** A token that may call models and nothing else. */
  gatewayToken(): Promise<string>
}

export interface ApiAnswer {
  readonly status: number
  // SAFETY of the loose type: tests read what the API promises and fail where it is absent.
  // oxlint-disable-next-line no-explicit-any
  readonly json: any
}

export const owner = { username: 'dana', email: 'dana@example.com', password: 'correct horse battery' }

/** Starts the server and makes its first owner. The data directory goes away with it. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-test-'))
  // For root's tests: the user that runs PostgreSQL has to pass through.
  chmodSync(folder, 0o711)
  const dataDir = join(folder, 'data')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | null = null
  let output = ''
  let ownerToken = ''

  async function start(): Promise<void> {
    const command = [...(options.nodeFlags ?? []), join(repository, 'bin/reeve.mjs'), 'server']
    const pinned = options.cores === undefined ? [] : ['taskset', '-c', options.cores]
    const [program, ...args] = [...pinned, process.execPath, ...command]
    const started = spawn(program!, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        REEVE_DATA_DIR: dataDir,
        REEVE_HTTP_ADDRESS: `127.0.0.1:${port}`,
        REEVE_ACCESS_URL: url,
        ...(options.relay === true ? { REEVE_RELAY_URL: url } : {}),
        ...options.env,
      },
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-200_000)
      })
    }
    const deadline = performance.now() + readyWithinMs
    while (!(await healthy(url))) {
      if (started.exitCode !== null || started.signalCode !== null || performance.now() > deadline) {
        throw new Error(`the server did not become ready\n${output}`)
      }
      await pause(20)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child
    child = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null
    const [gone, silent] = [once(ending, 'exit'), once(ending, 'close')]
    ending.kill(signal)
    await gone
    // What it said last may still be in the pipe, and what a killed server leaves behind may hold that open.
    await Promise.race([silent, pause(1_000)])
    return ending.exitCode
  }

  async function api(method: string, path: string, body?: unknown, token = ownerToken): Promise<ApiAnswer> {
    const answer = await ask(url + path, {
      method,
      headers: [
        ...(token === '' ? [] : [['Reeve-Session-Token', token] as const]),
        ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
      ],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = answer.body.toString()
    return { status: answer.status, json: /json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(text) : text }
  }

  /** A server that others reach asks for what is in the link that it prints. */
  async function setupToken(): Promise<{ readonly setup_token?: string }> {
    if (options.env?.['REEVE_ACCESS_URL'] === undefined) return {}
    for (;;) {
      const [, token] = /setup\?t=([\w-]+)/.exec(output) ?? []
      if (token !== undefined) return { setup_token: token }
      await pause(20)
    }
  }

  async function makeOwner(): Promise<void> {
    const made = await api('POST', '/api/v2/users/first', { ...owner, ...(await setupToken()) })
    if (made.status !== 201) throw new Error(`no first owner: ${made.status} ${JSON.stringify(made.json)}\n${output}`)
    const signedIn = await api('POST', '/api/v2/users/login', { email: owner.email, password: owner.password })
    ownerToken = signedIn.json.session_token
  }

  try {
    await start()
    if (options.firstOwner !== false) await makeOwner()
  } catch (thrown) {
    // Nobody has it, so nobody would end it, nor the database that it started.
    await end('SIGKILL')
    endAll(folder)
    rmSync(folder, { recursive: true, force: true })
    throw thrown
  }

  return {
    url,
    port,
    dataDir,
    ownerToken,
    pid: () => child?.pid ?? 0,
    output: () => output,
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    start,
    postmasterPid: () => postmasterPid(dataDir),
    api,
    async gatewayToken() {
      const created = await api('POST', '/api/v2/users/me/keys/tokens', { scope: 'gateway' })
      if (created.status !== 201) throw new Error(`no token: ${created.status} ${JSON.stringify(created.json)}`)
      return created.json.key
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      endLocalWorkspaces(dataDir)
      try {
        nothingLeft(folder)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** Ends whatever has the folder in use, and tells what that was. */
function endAll(folder: string): ReturnType<typeof processesUsing> {
  const left = processesUsing(folder)
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went with its parent.
    }
  }
  return left
}

/** A server that has stopped leaves no process; one that was killed may, until the next start ends what it finds. */
function nothingLeft(folder: string): void {
  const left = endAll(folder)
  if (left.length > 0) {
    throw new Error(`left running: ${left.map(({ pid, command }) => `${pid} ${command}`).join(', ')}`)
  }
}

function postmasterPid(dataDir: string): number | null {
  try {
    const pid = Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
    process.kill(pid, 0)
    return pid
  } catch {
    // No file, a stale one, or one that went away meanwhile: nothing is up.
    return null
  }
}

async function healthy(url: string): Promise<boolean> {
  try {
    return (await ask(`${url}/healthz`)).status === 200
  } catch {
    return false
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

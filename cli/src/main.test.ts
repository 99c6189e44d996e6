import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Refusal, serveContract } from './testing.ts'
import { everything } from './testing-data.ts'
import { session } from './testing-sessions.ts'

/** The command as a process: what signals, pipes, proxies and terminals do to it. */

const launcher = resolve(import.meta.dirname, '../../bin/reeve.mjs')
const home = mkdtempSync(join(tmpdir(), 'reeve-home-'))
afterAll(() => rmSync(home, { recursive: true }))

const environment = (env: Record<string, string>) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  LANG: 'C.UTF-8',
  ...env,
})

function start(argv: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [launcher, ...argv], { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
}

async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (text.stdout += chunk))
  child.stderr?.on('data', (chunk) => (text.stderr += chunk))
  const [code] = await once(child, 'close')
  return { code, ...text }
}

const many = {
  ...everything(false),
  listSessions: () => ({ count: 1000, count_is_exact: true, sessions: Array(1000).fill(session) }),
}

test('a reader that goes away ends the command without a word', async () => {
  await using deployment = await serveContract(many)
  const child = start(['bridge', 'sessions', 'list', '--limit', '1000', '--url', deployment.url], {
    REEVE_SESSION_TOKEN: 'rv_x',
  })
  child.stdout?.once('data', () => child.stdout?.destroy())
  let stderr = ''
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  expect({ code, stderr }).toEqual({ code: 141, stderr: '' })
})

test('Ctrl-C during a call ends the command with 130 and no message', async () => {
  const reached = Promise.withResolvers<void>()
  await using deployment = await serveContract({
    ...everything(false),
    listUsers: () => {
      reached.resolve()
      return new Promise(() => {})
    },
  })
  const child = start(['users', 'list', '--url', deployment.url], { REEVE_SESSION_TOKEN: 'rv_x' })
  const finished = finish(child)
  await reached.promise
  child.kill('SIGINT')
  expect(await finished).toEqual({ code: 130, stdout: '', stderr: '' })
})

test('a proxy is not asked for this machine, and is asked for others', async () => {
  const seen: string[] = []
  const proxy = createServer((req, res) => {
    seen.push(`${req.method} ${req.url}`)
    res.end('{}')
  })
  proxy.on('connect', (req, socket) => {
    seen.push(`CONNECT ${req.url}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const env = { HTTP_PROXY: address, https_proxy: address, REEVE_SESSION_TOKEN: 'rv_x' }
  await using deployment = await serveContract(everything(false))
  const near = await finish(start(['whoami', '-o', 'json', '--url', deployment.url], env))
  expect(near.code, near.stderr).toBe(0)
  expect(JSON.parse(near.stdout)).toMatchObject({ user: { username: 'dana' } })
  expect(seen).toEqual([])
  const far = await finish(start(['whoami', '--url', 'https://reeve.invalid'], env))
  expect(far).toMatchObject({ code: 9, stdout: '' })
  expect(seen.join()).toContain('reeve.invalid')
  proxy.closeAllConnections()
  proxy.close()
})

/** Runs `reeve login` on a terminal, and types each answer when what asks for it has been shown. */
async function loginOnTerminal(
  words: readonly string[],
  answers: readonly (readonly [prompt: string, answer: string])[],
): Promise<{ code: number | null; seen: string }> {
  const home = mkdtempSync(join(tmpdir(), 'reeve-home-'))
  const line = [process.execPath, launcher, 'login', ...words].map((word) => `'${word}'`).join(' ')
  // `script` of util-linux is the terminal: it types what we write to it.
  const terminal = spawn('script', ['-qec', line, '/dev/null'], {
    env: environment({ TERM: 'xterm', HOME: home }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const left = [...answers]
  let seen = ''
  terminal.stdout.on('data', (chunk) => {
    seen += chunk
    const [next] = left
    if (next !== undefined && seen.includes(next[0])) {
      left.shift()
      terminal.stdin.write(next[1])
    }
  })
  const [code] = await once(terminal, 'close')
  rmSync(home, { recursive: true })
  expect(left, seen).toEqual([])
  return { code, seen }
}

const password = ['Password: ', 'correct horse\r'] as const

test('on a terminal the password of --email is asked for, and not shown', async () => {
  await using deployment = await serveContract(everything(false))
  const { code, seen } = await loginOnTerminal([deployment.url, '--email', 'dana@example.com'], [password])
  expect(code, seen).toBe(0)
  expect(seen).toContain('signed in to')
  expect(seen).not.toContain('correct horse')
  const login = deployment.asked.find((one) => one.name === 'login')
  expect(login?.body).toEqual({ email: 'dana@example.com', password: 'correct horse' })
})

test('on a terminal the missing answers are asked for, and a password is not shown', async () => {
  const getFirstUser = () => new Refusal(404, { message: 'nobody yet', code: 'not_found' })
  await using deployment = await serveContract({ ...everything(false), getFirstUser })
  const answers = [['E-mail: ', 'dana@example.com\r'], ['Username: ', 'dana\r'], password] as const
  const { code, seen } = await loginOnTerminal([deployment.url], answers)
  expect(code, seen).toBe(0)
  expect(seen).toContain('signed in to')
  expect(seen).not.toContain('correct horse')
  const made = deployment.asked.find((one) => one.name === 'createFirstUser')
  expect(made?.body).toEqual({ email: 'dana@example.com', username: 'dana', password: 'correct horse' })
})

test('on a terminal without an e-mail address a code is shown, and nothing is asked', async () => {
  await using deployment = await serveContract(everything(false))
  const { code, seen } = await loginOnTerminal([deployment.url], [])
  expect(code, seen).toBe(0)
  expect(seen).toContain('WDJB-MJHT')
  expect(seen).toContain('signed in to')
  expect(seen).not.toMatch(/E-mail|Password/)
  expect(deployment.asked.some((one) => one.name === 'login')).toBe(false)
  expect(deployment.asked.findLast((one) => one.name === 'getUser')?.token).toBe('rv_device')
})

test('Ctrl-C at a question leaves the command', async () => {
  await using deployment = await serveContract(everything(false))
  const words = [deployment.url, '--email', 'dana@example.com']
  const { code, seen } = await loginOnTerminal(words, [['Password: ', '\u0003']])
  expect(code, seen).toBe(130)
})

test('Ctrl-C while nobody has approved the code leaves the command', async () => {
  const pollDeviceLogin = () => ({ session_token: null, error: 'authorization_pending', interval: 0 })
  await using deployment = await serveContract({ ...everything(false), pollDeviceLogin })
  const { code, seen } = await loginOnTerminal([deployment.url], [['Waiting', '\u0003']])
  expect(code, seen).toBe(130)
})

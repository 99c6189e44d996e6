import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../test/support/server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-main-'))
  await chmod(folder, 0o711)
})
afterAll(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command as a process of its own, until it ends. */
async function reeveServer(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const command = [resolve(import.meta.dirname, '../../bin/reeve.mjs'), 'server', ...args]
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env['PATH'], HOME: folder, REEVE_DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (piece: string) => (text[name] += piece))
  const [code] = await once(child, 'close')
  return { code, ...text }
}

test('the server starts, says where it is, stops when asked to, and leaves no process', async () => {
  // Disposing of it fails when anything still works in its folder.
  await using server = await startServer({ env: { REEVE_LOG: 'json' } })
  const lines = server
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const ready = lines.find(({ msg }) => msg === 'ready')
  expect(ready).toMatchObject({ level: 'info', url: server.url, data_dir: server.dataDir })
  expect(ready.setup_url).toMatch(new RegExp(`^${server.url}/setup\\?t=[2-9A-Z-]{19}$`))
  expect(await server.stop()).toBe(0)
  expect(server.output()).toContain('"msg":"stopped"')
})

test('a start after a stop needs no setup and takes the data as it was', async () => {
  await using server = await startServer({ env: { REEVE_LOG: 'text' } })
  expect(server.output()).toContain('Finish the setup')
  await server.stop()
  const before = server.output().length
  await server.start()
  expect(server.output().slice(before)).not.toContain('Finish the setup')
  expect((await server.api('GET', '/api/v2/users/me')).json.username).toBe('dana')
})

/** The usual one may be somebody's: the documentation's test takes it, at the same time. */
const anyPort = { REEVE_HTTP_ADDRESS: '127.0.0.1:0' }

describe('what is wrong is said in one block', () => {
  test('with every wrong setting, and the exit code 2', async () => {
    const { code, stdout, stderr } = await reeveServer(['--http-adress', 'x'], {
      REEVE_LOG: 'loud',
      REEVE_HTTP_ADDRESS: '0.0.0.0:80',
    })
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toBe(
      'Reeve cannot start.\n\n' +
        '  4 settings are wrong:\n' +
        '  - --http-adress is no flag of the server; did you mean --http-address?\n' +
        '  - x is no argument of the server\n' +
        '  - REEVE_LOG must be one of text, json, not "loud"\n' +
        '  - REEVE_HTTP_ADDRESS 0.0.0.0 can be reached from other machines without encryption. Set REEVE_TLS_CERT_FILE and ' +
        'REEVE_TLS_KEY_FILE, or REEVE_ACCESS_URL to the https address of a proxy in front, or accept it with --insecure-http\n\n' +
        '  What to do: `reeve server --help` lists every setting\n',
    )
  })

  test('with the program that has the port, and the exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const taken = other.address()
    const port = typeof taken === 'object' && taken !== null ? taken.port : 0
    const { code, stderr } = await reeveServer(['--http-address', `127.0.0.1:${port}`, '--log', 'text'])
    other.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(
        `^\\nReeve cannot start\\.\\n\\n  the address 127\\.0\\.0\\.1:${port} is taken by .+ \\(process ${process.pid}\\)\\n\\n` +
          '  What to do: stop that program, or choose another address with --http-address\\n$',
      ),
    )
  })

  test('with the data directory that cannot be used', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const { code, stderr } = await reeveServer(['--data-dir', join(file, 'data'), '--log', 'text'], anyPort)
    expect(code).toBe(1)
    expect(stderr).toContain(`the data directory ${file}/data cannot be used`)
    expect(stderr).toContain('What to do: set REEVE_DATA_DIR')
    // Where making a folder answers "no such file", however often it is tried.
    const nowhere = await reeveServer(['--data-dir', '/proc/none/data', '--log', 'text'], anyPort)
    expect(nowhere.stderr).toContain('the data directory /proc/none/data cannot be used')
  })

  test('as a line of JSON where logs are JSON', async () => {
    const { code, stderr } = await reeveServer(['--log', 'json'], {
      ...anyPort,
      REEVE_POSTGRES_URL: 'postgres://u:canary@127.0.0.1:1/x',
    })
    expect(code).toBe(1)
    const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({
      level: 'error',
      msg: 'cannot start',
      fix: expect.stringContaining('REEVE_POSTGRES_URL'),
    })
    expect(stderr).not.toContain('canary')
  })
})

test('a journal is brought in by a command, which says what it found', async () => {
  await using server = await startServer()
  await server.stop()
  const journal = join(server.dataDir, 'journal')
  const args = ['--data-dir', server.dataDir]
  expect(await reeveServer(['drain', journal, ...args])).toMatchObject({
    code: 0,
    stdout: `${journal} is in the database: 0 records of it were not, 0 interceptions were open.\n`,
  })
  const nothing = await reeveServer(['drain', join(folder, 'nowhere'), ...args])
  expect(nothing).toMatchObject({ code: 1, stdout: '' })
  expect(nothing.stderr).toContain('nowhere is no journal of a gateway')
  expect(await reeveServer(['drain', ...args])).toMatchObject({ code: 2, stdout: '' })
})

test('version, help and settings are answers: on standard output, and nothing is started', async () => {
  expect(await reeveServer(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^reeve \d+\.\d+\.\d+\n$/),
    stderr: '',
  })
  const help = await reeveServer(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('--aibridge-retention  (REEVE_AIBRIDGE_RETENTION)')
  const env = { REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-canary', REEVE_SESSION_DURATION: '2h' }
  const settings = await reeveServer(['--print-config', '--verbose'], env)
  expect(settings).toMatchObject({ code: 0, stderr: '' })
  expect(settings.stdout).toMatch(/^REEVE_AIBRIDGE_ANTHROPIC_KEY +\[secret\] {2}# environment$/m)
  expect(settings.stdout).toMatch(/^REEVE_SESSION_DURATION +2h {2}# environment$/m)
  expect(settings.stdout).toMatch(/^REEVE_VERBOSE +true {2}# flag$/m)
})

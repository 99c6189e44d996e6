import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectHandlers } from '../testing-connect.ts'
import { runCli, serveContract } from '../testing.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
})
afterEach(() => rm(home, { recursive: true }))

const connect = (url: string, ...words: readonly string[]) =>
  runCli(['connect', ...words, '--url', url], { home, cwd: home, env: { REEVE_SESSION_TOKEN: 'rv_me' } })
/** What a shell has of it afterwards. */
const sh = (code: string, then: string): string =>
  execFileSync('/bin/sh', ['-c', `${code}\n${then}`], { encoding: 'utf8', env: { PATH: home } })

test('codex is called with the bridge as its provider, with all its own arguments', async () => {
  await using deployment = await serveContract(connectHandlers)
  const ran = await connect(deployment.url, 'codex', '--lifetime', '8h')
  expect(ran.code, ran.stderr).toBe(0)
  await writeFile(join(home, 'codex'), '#!/bin/sh\nprintf "%s\\n" "$REEVE_CODEX_TOKEN" "$@"\n', { mode: 0o755 })
  const base = `${deployment.url}/api/v2/aibridge/openai/v1`
  expect(sh(ran.stdout, 'codex exec "two words"').trimEnd().split('\n')).toEqual([
    'rv_secret',
    '-c',
    'model_provider="reeve"',
    '-c',
    `model_providers.reeve={name="Reeve",base_url="${base}",env_key="REEVE_CODEX_TOKEN",wire_api="responses"}`,
    'exec',
    'two words',
  ])
  const made = deployment.asked.find((one) => one.name === 'createToken')
  expect(made?.body).toMatchObject({ scope: 'gateway', lifetime_seconds: 28_800 })
  expect(made?.body).toHaveProperty('token_name', expect.stringMatching(/^codex-test-host-example-[0-9a-f]{6}$/))
})

test('Gemini CLI gets its two variables, and whoever has not chosen the key in its settings is told', async () => {
  await using deployment = await serveContract(connectHandlers)
  const ran = await connect(deployment.url, 'gemini')
  expect(sh(ran.stdout, 'echo "$GOOGLE_GEMINI_BASE_URL $GEMINI_API_KEY"')).toBe(
    `${deployment.url}/api/v2/aibridge/gemini rv_secret\n`,
  )
  const own = join(home, '.gemini/settings.json')
  expect(ran.stderr).toContain(
    `Gemini CLI uses the token only if it is told so in ${own}: "security.auth.selectedType" has to be "gemini-api-key"`,
  )
  await mkdir(join(home, '.gemini'))
  const settings = { security: { auth: { selectedType: 'gemini-api-key' } } }
  await writeFile(own, JSON.stringify(settings))
  expect((await connect(deployment.url, 'gemini')).stderr).not.toContain('selectedType')

  const machine = join(home, 'machine.json')
  const env = { REEVE_SESSION_TOKEN: 'rv_me', GEMINI_CLI_SYSTEM_SETTINGS_PATH: machine }
  const onMachine = () => runCli(['connect', 'gemini', '--url', deployment.url], { home, cwd: home, env })
  await writeFile(machine, JSON.stringify({ security: { auth: { selectedType: 'oauth-personal' } } }))
  expect((await onMachine()).stderr).toContain(`in place of "oauth-personal", in ${machine}`)
  await writeFile(machine, '{')
  const broken = await onMachine()
  expect(broken.stderr).toContain(machine)
  expect(sh(broken.stdout, 'echo "$GEMINI_API_KEY"')).toBe('rv_secret\n')
})

test('opencode gets a provider laid over its own configuration, and the token apart from it', async () => {
  await using deployment = await serveContract(connectHandlers)
  const ran = await connect(deployment.url, 'opencode')
  const config = JSON.parse(sh(ran.stdout, 'printf %s "$OPENCODE_CONFIG_CONTENT"'))
  expect(config.provider.reeve.options).toEqual({
    baseURL: `${deployment.url}/api/v2/aibridge/openai/v1`,
    apiKey: '{env:REEVE_OPENCODE_TOKEN}',
  })
  expect(sh(ran.stdout, 'echo "$REEVE_OPENCODE_TOKEN"')).toBe('rv_secret\n')
})

test('a provider that the bridge does not have is refused before a token is made', async () => {
  await using deployment = await serveContract(connectHandlers)
  for (const name of ['codex', 'gemini', 'opencode']) {
    expect(await connect(deployment.url, name, '--provider', 'nope')).toMatchObject({ code: 3, stdout: '' })
  }
  expect(deployment.asked.some((one) => one.name === 'createToken')).toBe(false)
})

test('the check asks with what connect has set up, in the way of each API', async () => {
  const asked: [string | undefined, string | undefined][] = []
  const server = createServer((req, res) => {
    asked.push([req.url, req.headers.authorization])
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using deployment = await serveContract(connectHandlers)
  await mkdir(join(home, '.gemini'))
  await writeFile(join(home, '.gemini/settings.json'), '{"security": {"auth": {"selectedType": "gemini-api-key"}}}')
  for (const [name, path] of [
    ['codex', '/api/v2/aibridge/openai/v1/models'],
    ['gemini', '/api/v2/aibridge/gemini/v1beta/models?pageSize=1'],
    ['opencode', '/api/v2/aibridge/openai/v1/models'],
  ] as const) {
    const { stdout } = await connect(deployment.url, name)
    const lines = sh(stdout.replaceAll(deployment.url, url), `/usr/bin/env`).split('\n')
    const env = Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]))
    const ran = await runCli(['connect', 'check', name, '-o', 'json'], { home, cwd: home, env })
    expect(ran.code, ran.stdout + ran.stderr).toBe(0)
    expect(asked.pop()).toEqual([path, 'Bearer rv_secret'])
    const unset = await runCli(['connect', 'check', name], { home, cwd: home, env: {} })
    expect(unset.code).toBe(1)
    expect(unset.stdout).toContain('would not go through Reeve')
  }
  server.closeAllConnections()
  server.close()
  expect((await runCli(['connect', 'check', 'emacs'], { home, cwd: home, env: {} })).code).toBe(2)
})

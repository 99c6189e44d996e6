import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

let home: string
let settings: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
  await mkdir(join(home, '.claude'))
  settings = join(home, '.claude/settings.json')
})
afterEach(() => rm(home, { recursive: true }))

const bridge = {
  enabled: true,
  capture: 'full',
  providers: [{ name: 'scripted', type: 'anthropic', base_url: '', ready: true, scripted: true, detail: '' }],
  journal: { healthy: true, detail: '', pending_bytes: 0, drain_lag_seconds: 0 },
}
const handlers = { ...everything(false), getBridgeStatus: () => bridge }
const connect = (url: string, words: readonly string[], env: Record<string, string> = {}, stdin?: string) =>
  runCli(['connect', 'claude', '--url', url, '--provider', 'scripted', ...words], {
    home,
    cwd: home,
    env: { REEVE_SESSION_TOKEN: 'rv_me', ...env },
    ...(stdin === undefined ? {} : { stdin }),
  })
const read = async (file = settings): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))

test('stdout is exports that a shell takes, with a new token that can only call models', async () => {
  await using deployment = await serveContract(handlers)
  const ran = await connect(deployment.url, ['--lifetime', '8h'])
  expect(ran.stdout).toBe(
    `export ANTHROPIC_BASE_URL='${deployment.url}/api/v2/aibridge/scripted'\nexport ANTHROPIC_AUTH_TOKEN='rv_secret'\n`,
  )
  const shown = execFileSync('sh', ['-c', `${ran.stdout}printf %s "$ANTHROPIC_AUTH_TOKEN"`], { encoding: 'utf8' })
  expect(shown).toBe('rv_secret')
  const made = deployment.asked.find((one) => one.name === 'createToken')
  expect(made?.body).toMatchObject({ scope: 'gateway', lifetime_seconds: 28_800 })
  expect(made?.body).toHaveProperty('token_name', expect.stringMatching(/^claude-test-host-example-[0-9a-f]{6}$/))
})

test('a key that Claude Code would send as well is emptied', async () => {
  await using deployment = await serveContract(handlers)
  const ran = await connect(deployment.url, [], { ANTHROPIC_API_KEY: 'sk-ant-x' })
  expect(ran.stdout).toContain("export ANTHROPIC_API_KEY=''\n")
})

test('a provider that the bridge does not have is refused before a token is made', async () => {
  await using deployment = await serveContract(handlers)
  const ran = await connect(deployment.url, ['--provider', 'nope'])
  expect(ran).toMatchObject({ code: 3, stdout: '' })
  expect(ran.stderr).toContain('scripted')
  expect(deployment.asked.some((one) => one.name === 'createToken')).toBe(false)
})

test('settings are merged, kept private, and the file as it was stays beside them', async () => {
  await using deployment = await serveContract(handlers)
  const before = {
    model: 'opus',
    permissions: { allow: ['Bash'] },
    env: { OTHER: '1', ANTHROPIC_BASE_URL: 'http://old' },
  }
  await writeFile(settings, JSON.stringify(before))
  const ran = await connect(deployment.url, ['--write', '-o', 'json'])
  expect(ran.code, ran.stderr).toBe(0)
  expect(await read()).toEqual({
    ...before,
    env: {
      OTHER: '1',
      ANTHROPIC_BASE_URL: `${deployment.url}/api/v2/aibridge/scripted`,
      ANTHROPIC_AUTH_TOKEN: 'rv_secret',
    },
  })
  const files = await readdir(join(home, '.claude'))
  expect(files).toEqual(['settings.json', 'settings.json.20261120T120000Z.bak'])
  for (const file of files) expect((await stat(join(home, '.claude', file))).mode & 0o777).toBe(0o600)
  expect(await read(join(home, '.claude', files[1]!))).toEqual(before)
})

test('settings that do not exist yet are made, and linked ones stay linked', async () => {
  await using deployment = await serveContract(handlers)
  await connect(deployment.url, ['--write'])
  expect(await readdir(join(home, '.claude'))).toEqual(['settings.json'])
  const elsewhere = join(home, 'dotfiles.json')
  await writeFile(elsewhere, '{}')
  await rm(settings)
  await symlink(elsewhere, settings)
  await connect(deployment.url, ['--write'])
  expect(await read(elsewhere)).toHaveProperty('env.ANTHROPIC_AUTH_TOKEN', 'rv_secret')
  expect((await readdir(home)).filter((name) => name.endsWith('.bak'))).toHaveLength(1)
})

test('settings that cannot be merged are left alone, and no token is made for them', async () => {
  await using deployment = await serveContract(handlers)
  for (const text of ['{ "env": ', '[]', '"x"', '{"env": 3}', '{} // comment']) {
    await writeFile(settings, text)
    const ran = await connect(deployment.url, ['--write'])
    expect(ran, text).toMatchObject({ code: 2, stdout: '' })
    expect(await readFile(settings, 'utf8')).toBe(text)
  }
  await rm(join(home, '.claude'), { recursive: true })
  await writeFile(join(home, '.claude'), 'a file in the place of a folder')
  const ran = await connect(deployment.url, ['--write'])
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('.claude is not a folder') })
  expect(deployment.asked.some((one) => one.name === 'createToken')).toBe(false)
})

test('project settings are the local ones, which git does not share', async () => {
  await using deployment = await serveContract(handlers)
  const ran = await connect(deployment.url, ['--write', '--scope', 'project'])
  expect(ran.stderr).toContain('keep it out of git')
  expect(await read(join(home, '.claude/settings.local.json'))).toHaveProperty('env.ANTHROPIC_AUTH_TOKEN', 'rv_secret')
})

test('a token of one’s own needs no signing in', async () => {
  const ran = await runCli(['connect', 'claude', '--url', 'http://127.0.0.1:9', '--token-stdin'], {
    stdin: 'rv_given\n',
  })
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("ANTHROPIC_AUTH_TOKEN='rv_given'") })
})

/** A bridge that answers the check in one way. */
async function check(
  status: number,
  body: string,
  env: Record<string, string> = {},
  headers: Record<string, string> = {},
) {
  let credential: string | undefined
  const server = createServer((req, res) => {
    credential = req.headers.authorization
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ran = await runCli(['connect', 'check', 'claude', '-o', 'json'], {
    home,
    cwd: home,
    env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: 'rv_token_of_the_environment', ...env },
  })
  server.closeAllConnections()
  server.close()
  return {
    ...ran,
    credential,
    checks: JSON.parse(ran.stdout) as { check: string; result: string; detail: string; fix: string }[],
  }
}

const error = (message: string) => JSON.stringify({ type: 'error', error: { type: 'x', message } })

test('the check tells what the bridge says to the token that Claude Code would use', async () => {
  const good = await check(200, '{"data":[]}')
  expect(good).toMatchObject({ code: 0, credential: 'Bearer rv_token_of_the_environment' })
  expect(good.checks.map((one) => one.result)).toEqual(['ok', 'ok', 'ok'])
  expect(good.stdout).not.toContain('rv_token_of_the_environment')
  for (const [status, body, code, words] of [
    [401, error('revoked'), 4, 'revoked'],
    [403, error('not for models'), 5, 'not for models'],
    [404, error('no provider'), 3, 'no provider'],
    [502, error('upstream is down'), 9, 'upstream is down'],
    [200, '<html>', 9, 'not Reeve'],
    [500, '<html>', 9, 'not Reeve'],
  ] as const) {
    const bad = await check(status, body)
    expect(bad.code).toBe(code)
    expect(bad.checks.at(-1)).toMatchObject({ result: 'failed', detail: expect.stringContaining(words) })
  }
})

test('a provider that lists no models is one that the token works for', async () => {
  const ids = (requestId: string) => ({ 'x-reeve-interception-id': '019a', 'request-id': requestId })
  expect((await check(404, error('no list'), {}, ids('019a'))).checks.at(-1)).toMatchObject({ result: 'ok' })
  expect((await check(404, error('no list'), {}, ids('of-the-provider'))).checks.at(-1)).toMatchObject({
    result: 'failed',
  })
})

test('settings win over the environment, as they do for Claude Code', async () => {
  await writeFile(settings, JSON.stringify({ env: { ANTHROPIC_AUTH_TOKEN: 'rv_of_the_user_settings' } }))
  await writeFile(
    join(home, '.claude/settings.local.json'),
    JSON.stringify({ env: { ANTHROPIC_AUTH_TOKEN: 'rv_of_the_project_local' } }),
  )
  expect((await check(200, '{}')).credential).toBe('Bearer rv_of_the_project_local')
})

test('an agent that would go past Reeve, or send two credentials, is told', async () => {
  const past = await check(200, '{}', { ANTHROPIC_BASE_URL: '' })
  expect(past.code).toBe(1)
  expect(past.checks[0]).toMatchObject({
    result: 'failed',
    detail: expect.stringContaining('would not go through Reeve'),
  })
  const two = await check(200, '{}', { ANTHROPIC_API_KEY: 'sk-ant' })
  expect(two.code).toBe(1)
  expect(two.checks.find((one) => one.check === 'other credentials')?.result).toBe('failed')
})

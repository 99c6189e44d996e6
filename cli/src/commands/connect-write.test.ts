import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectHandlers } from '../testing-connect.ts'
import { runCli, serveContract } from '../testing.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
})
afterEach(() => rm(home, { recursive: true }))

const signedIn = { REEVE_SESSION_TOKEN: 'rv_me' }
const write = (url: string, name: string, env: Record<string, string> = {}) =>
  runCli(['connect', name, '--write', '-o', 'json', '--url', url], { home, cwd: home, env: { ...signedIn, ...env } })
/** With a token at hand, for which nobody is asked. */
const writeGiven = (name: string, { cwd = home, env = {} as Record<string, string>, token = 'rv_given' } = {}) =>
  runCli(['connect', name, '--write', '-o', 'json', '--url', 'http://127.0.0.1:9', '--token-stdin'], {
    home,
    cwd,
    env,
    stdin: `${token}\n`,
  })
const check = (name: string, env: Record<string, string> = {}) =>
  runCli(['connect', 'check', name, '-o', 'json'], { home, cwd: home, env })

async function put(path: string, content: string | Uint8Array, mode = 0o644): Promise<string> {
  const file = join(home, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
  await chmod(file, mode)
  return file
}
const text = (path: string) => readFile(join(home, path), 'utf8')
const modeOf = async (path: string) => (await stat(join(home, path))).mode & 0o777

const base = 'http://127.0.0.1:9/api/v2/aibridge'
const secrets = { codex: '.codex/config.toml', gemini: '.gemini/.env', opencode: '.config/opencode/opencode.json' }
const names = ['codex', 'gemini', 'opencode'] as const

test('each agent of an empty home gets its settings, readable by nobody else, and the check finds them', async () => {
  await using deployment = await serveContract(connectHandlers)
  for (const name of names) {
    const ran = await write(deployment.url, name)
    expect(ran.code, ran.stderr).toBe(0)
    expect(await text(secrets[name])).toContain('rv_secret')
    expect(await modeOf(secrets[name])).toBe(0o600)
    const made = deployment.asked.filter((one) => one.name === 'createToken').at(-1)
    expect(made?.body).toHaveProperty('token_name', expect.stringMatching(new RegExp(`^${name}-`)))
    const [address, token] = JSON.parse((await check(name)).stdout)
    const path = name === 'gemini' ? 'gemini' : 'openai/v1'
    const detail = `${deployment.url}/api/v2/aibridge/${path}, from ${join(home, secrets[name])}`
    expect(address).toMatchObject({ result: 'ok', detail })
    expect(token).toMatchObject({ result: 'ok', detail: `set, from ${join(home, secrets[name])}` })
  }
  expect(await text('.codex/config.toml')).toContain('[model_providers.reeve]\nname = "Reeve"\n')
  expect(JSON.parse(await text('.gemini/settings.json'))).toEqual({
    security: { auth: { selectedType: 'gemini-api-key' } },
  })
})

test('a second time changes nothing and keeps no copy', async () => {
  for (const name of names) {
    const first = JSON.parse((await writeGiven(name)).stdout)
    const before = await text(secrets[name])
    const again = JSON.parse((await writeGiven(name)).stdout)
    expect(first).toMatchObject(first.map(() => ({ changed: true, backup: null })))
    expect(again).toMatchObject(again.map(() => ({ changed: false, settings: [], backup: null })))
    expect(await text(secrets[name])).toBe(before)
    expect(await readdir(dirname(join(home, secrets[name])))).toHaveLength(name === 'gemini' ? 2 : 1)
  }
})

test('a file as it was stays beside it, and nobody else may read either any more', async () => {
  const before = 'model_provider = "azure" # mine\n'
  const file = await put('.codex/config.toml', before)
  const [row] = JSON.parse((await writeGiven('codex')).stdout)
  expect(row).toEqual({
    file,
    changed: true,
    settings: ['model_provider', 'model_providers.reeve', 'who may read it'],
    backup: `${file}.20261120T120000Z.bak`,
  })
  expect(await text('.codex/config.toml')).toContain('model_provider = "reeve" # mine\n')
  expect(await readFile(row.backup, 'utf8')).toBe(before)
  expect((await stat(row.backup)).mode & 0o777).toBe(0o600)
  expect(await modeOf('.codex/config.toml')).toBe(0o600)
})

test('two changes within a second leave two copies', async () => {
  await put('.codex/config.toml', 'a = 1\n')
  await writeGiven('codex')
  const [row] = JSON.parse((await writeGiven('codex', { token: 'rv_other' })).stdout)
  expect(row.settings).toEqual(['model_providers.reeve.experimental_bearer_token'])
  expect(row.backup).toMatch(/-2\.bak$/)
  expect(await readFile(row.backup, 'utf8')).toContain('rv_given')
  expect(await text('.codex/config.toml.20261120T120000Z.bak')).toBe('a = 1\n')
})

test('a file that has the token already and that others can read is closed to them', async () => {
  await writeGiven('codex')
  await chmod(join(home, '.codex/config.toml'), 0o644)
  const [row] = JSON.parse((await writeGiven('codex')).stdout)
  expect(row).toMatchObject({ changed: true, settings: ['who may read it'] })
  expect(await modeOf('.codex/config.toml')).toBe(0o600)
})

test('settings of Gemini CLI without a token in them stay as open as they were, with their comments', async () => {
  await put('.gemini/settings.json', '{\n  // mine\n  "ui": {"theme": "dark"} // yes\n}\n')
  await put('.gemini/.env', '# mine\nOTHER=1\nGEMINI_API_KEY=old\n')
  expect((await writeGiven('gemini')).code).toBe(0)
  expect(await text('.gemini/settings.json')).toBe(
    '{\n  // mine\n  "ui": {"theme": "dark"}, // yes\n  "security": {\n    "auth": {\n      "selectedType": "gemini-api-key"\n    }\n  }\n}\n',
  )
  expect(await modeOf('.gemini/settings.json')).toBe(0o644)
  expect(await text('.gemini/.env')).toBe(
    `# mine\nOTHER=1\nGEMINI_API_KEY=rv_given\nGOOGLE_GEMINI_BASE_URL=${base}/gemini\n`,
  )
})

test('opencode’s own models and other options stay, and the file with comments is the one where there is one', async () => {
  await put('.config/opencode/opencode.json', '{}')
  await put(
    '.config/opencode/opencode.jsonc',
    '{\n  "provider": {\n    "reeve": { // ours\n      "options": { "timeout": 5 },\n      "models": { "mine": {} },\n    },\n  },\n}\n',
  )
  expect((await writeGiven('opencode')).code).toBe(0)
  expect(await text('.config/opencode/opencode.json')).toBe('{}')
  expect(await text('.config/opencode/opencode.jsonc')).toBe(
    `{\n  "provider": {\n    "reeve": { // ours\n      "options": { "timeout": 5, "baseURL": "${base}/openai/v1", "apiKey": "rv_given" },\n      "models": { "mine": {} },\n      "npm": "@ai-sdk/openai-compatible",\n    },\n  },\n}\n`,
  )
})

test('other homes of an agent are known', async () => {
  const cwd = join(home, 'here')
  await writeGiven('codex', { cwd, env: { CODEX_HOME: 'codex' } })
  await writeGiven('gemini', { env: { GEMINI_CLI_HOME: join(home, 'g') } })
  await writeGiven('opencode', { env: { XDG_CONFIG_HOME: join(home, 'xdg') } })
  expect(await text('here/codex/config.toml')).toContain('rv_given')
  expect(await text('g/.gemini/.env')).toContain('rv_given')
  expect(await text('xdg/opencode/opencode.json')).toContain('rv_given')
})

test('a link is followed, also where it leads to nothing yet, and whoever keeps the file elsewhere is warned', async () => {
  for (const content of [null, 'model = "x"\n']) {
    await mkdir(join(home, '.codex'), { recursive: true })
    if (content === null) await symlink('../dotfiles/codex.toml', join(home, '.codex/config.toml'))
    else await put('dotfiles/codex.toml', content)
    const ran = await writeGiven('codex')
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stderr).toContain('dotfiles/codex.toml holds a token now: keep it out of git')
    expect((await lstat(join(home, '.codex/config.toml'))).isSymbolicLink()).toBe(true)
    expect(await text('dotfiles/codex.toml')).toContain('rv_given')
    expect(await modeOf('dotfiles/codex.toml')).toBe(0o600)
  }
})

test('files that cannot be merged are left alone, it is said where, and no token is made for them', async () => {
  await using deployment = await serveContract(connectHandlers)
  for (const [name, path, content, said] of [
    ['codex', '.codex/config.toml', 'a = 1\nb = [\n', 'line 3'],
    ['codex', '.codex/config.toml', '\nmodel_providers = { a = { name = "A" } }\n', 'line 2'],
    ['codex', '.codex/config.toml', Buffer.from([0x61, 0xff, 0x0a]), 'is not text in UTF-8'],
    ['gemini', '.gemini/settings.json', '{\n  "ui": {\n}\n', 'line'],
    ['gemini', '.gemini/settings.json', '{"security": {"auth": 3}}', 'line 1'],
    ['gemini', '.gemini/.env', Buffer.from([0x41, 0x3d, 0x00]), 'is not text in UTF-8'],
    ['opencode', '.config/opencode/opencode.json', '{"provider": []}', 'line 1'],
  ] as const) {
    const file = await put(path, content)
    const ran = await write(deployment.url, name)
    expect(ran, String(content)).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(file)
    expect(ran.stderr).toContain(said)
    expect(ran.stderr).toContain('nothing was changed')
    expect(await readFile(file)).toEqual(Buffer.from(content))
    expect(await readdir(dirname(file))).toEqual([file.split('/').at(-1)])
    await rm(file)
  }
  await mkdir(join(home, '.codex/config.toml'))
  expect(await write(deployment.url, 'codex')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is not a file'),
  })
  await rm(join(home, '.codex'), { recursive: true })
  await put('.codex', 'a file in the place of a folder')
  const ran = await write(deployment.url, 'codex')
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('.codex is not a folder') })
  expect(deployment.asked.some((one) => one.name === 'createToken')).toBe(false)
})

test('a token that a file cannot hold is refused', async () => {
  const ran = await writeGiven('gemini', { token: "rv_'" })
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('GEMINI_API_KEY') })
  expect(await readdir(home)).toEqual([])
})

test('whoever has settings that come before the written ones is told', async () => {
  const shell = await writeGiven('gemini', { env: { GOOGLE_GEMINI_BASE_URL: 'http://elsewhere' } })
  expect(shell.stderr).toContain('the environment gives another address, which wins here: http://elsewhere')
  await put('project/.env', 'GOOGLE_CLOUD_PROJECT=x\n')
  const cwd = join(home, 'project')
  const nearer = await writeGiven('gemini', { cwd })
  expect(nearer.stderr).toContain('a .env that is nearer comes first')
  await put('.gemini/settings.json', '{"advanced": {"ignoreLocalEnv": true}}')
  expect((await writeGiven('gemini', { cwd })).stderr).not.toContain('nearer')
})

test('the check says what an agent with settings for somebody else lacks', async () => {
  await put(
    '.codex/config.toml',
    'model_provider = "reeve"\n[model_providers.reeve]\nbase_url = "http://x"\nenv_key = "K"\n',
  )
  const results = async (env: Record<string, string>) =>
    JSON.parse((await check('codex', env)).stdout).map((one: { result: string }) => one.result)
  expect(await results({})).toEqual(['ok', 'failed', 'skipped'])
  expect((await results({ K: 'rv_x' })).slice(0, 2)).toEqual(['ok', 'ok'])
  await put('.codex/config.toml', 'model_provider = "openai"\n')
  expect(await results({})).toEqual(['failed', 'failed', 'skipped'])
})

test('Gemini CLI that is told to sign in in another way is found out, with the file that says so and the cure', async () => {
  const settings = (selectedType?: string) => JSON.stringify({ security: { auth: { selectedType } } })
  const system = join(home, 'etc/settings.json')
  const env = { GEMINI_CLI_HOME: home, GEMINI_CLI_SYSTEM_SETTINGS_PATH: system }
  const cwd = join(home, 'project')
  const signIn = async () => {
    const ran = await runCli(['connect', 'check', 'gemini', '-o', 'json'], { home, cwd, env })
    const { result, detail, fix } = JSON.parse(ran.stdout).find((one: { check: string }) => one.check === 'sign-in')
    return { code: ran.code === 0 ? 0 : 1, result, detail, fix }
  }
  await put('.gemini/.env', 'GEMINI_API_KEY=rv_x\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9\n')
  const write = { code: 1, result: 'failed', fix: 'reeve connect gemini --write' }
  expect(await signIn()).toMatchObject({ ...write, detail: expect.stringContaining('selectedType is not set') })

  const own = await put('.gemini/settings.json', settings('oauth-personal'))
  const detail = `security.auth.selectedType is "oauth-personal", from ${own}: Gemini CLI would not use the token`
  expect(await signIn()).toEqual({ ...write, detail })
  expect((await writeGiven('gemini', { cwd, env })).stderr).not.toContain('selectedType')
  expect(await signIn()).toMatchObject({ result: 'ok', detail: `gemini-api-key, from ${own}` })

  const here = await put('project/.gemini/settings.json', settings('vertex-ai'))
  const there = { code: 1, result: 'failed', fix: 'set security.auth.selectedType to "gemini-api-key" there' }
  expect(await signIn()).toMatchObject({ ...there, detail: expect.stringContaining(`"vertex-ai", from ${here}, if`) })
  expect((await writeGiven('gemini', { cwd, env })).stderr).toContain('"vertex-ai" for security.auth.selectedType')
  await put('etc/settings.json', settings('gateway'))
  expect(await signIn()).toMatchObject({ ...there, detail: expect.stringContaining(`"gateway", from ${system}`) })

  await rm(system)
  await rm(here)
  await put('.gemini/settings.json', settings())
  const defaults = await put('etc/system-defaults.json', settings('gemini-api-key'))
  expect(await signIn()).toMatchObject({ result: 'ok', detail: `gemini-api-key, from ${defaults}` })

  await put('.gemini/settings.json', '{"security": {"auth": ')
  const broken = await runCli(['connect', 'check', 'gemini'], { home, cwd, env })
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining(`${own}, line 1`) })
})

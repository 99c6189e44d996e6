import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { allInterceptions, eventually, type Row } from '../support/record.ts'
import { runAgent } from '../support/run-agent.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const command = resolve(import.meta.dirname, '../../bin/reeve.mjs')
let server: RunningServer
let bin: string

beforeAll(async () => {
  bin = (await installAgents()).bin
  server = await startServer({ env: { REEVE_AIBRIDGE_SCRIPTED: 'true' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** The command of a person who is signed in. */
async function reeve(home: string, words: readonly string[], shell: Readonly<Record<string, string>> = {}) {
  const env = { ...shell, PATH: process.env['PATH'], HOME: home, REEVE_SESSION_TOKEN: server.ownerToken }
  const args = [command, 'connect', ...words, '--url', server.url, '-o', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: home, env })
  return JSON.parse(stdout)
}

const prompt = 'Show me that it works'
/** Without these Codex asks its maker for updates, plugins and more. */
const quiet = ['check_for_update_on_startup', 'analytics.enabled', 'features.plugins', 'features.apps'].flatMap(
  (one) => ['-c', `${one}=false`],
)
const agents = {
  claude: {
    provider: 'scripted',
    secret: '.claude/settings.json',
    run: () => ({ program: join(bin, 'claude'), args: ['-p', prompt] }),
  },
  codex: {
    provider: 'scripted-openai',
    secret: '.codex/config.toml',
    run: () => ({
      program: join(bin, 'codex'),
      args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', ...quiet, prompt],
    }),
  },
  gemini: {
    provider: 'scripted-gemini',
    secret: '.gemini/.env',
    run: () => ({
      program: process.execPath,
      args: [join(bin, 'gemini.js'), '-p', prompt, '--yolo', '--skip-trust', '-m', 'gemini-2.5-pro'],
    }),
  },
} as const

test.each(['claude', 'codex', 'gemini'] as const)(
  '%s of an empty home goes through the bridge after --write, with nothing in its environment',
  async (name) => {
    using home = temporaryFolder()
    const { provider, secret, run } = agents[name]
    const words = [name, '--write', '--provider', provider]
    const written = await reeve(home.path, words)
    expect([written].flat().map((one) => one.changed)).not.toContain(false)
    expect(statSync(join(home.path, secret)).mode & 0o777).toBe(0o600)

    const from = (await allInterceptions(server)).length
    const ended = await runAgent({ ...run(), home: home.path, env: {} })
    expect(ended.code, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toContain('The command')
    const rows = await eventually(
      async () => (await allInterceptions(server)).slice(0, -from || undefined),
      (own) => own.some((row) => row.prompt === prompt && row.outcome === 'ok'),
    )
    expect(rows[0]).toMatchObject({ initiator: { username: owner.username } })

    // Whatever the agent has put into its own files meanwhile stays there, and so does a token that works, in a shell
    // that was set up for another.
    const before = readFileSync(join(home.path, secret), 'utf8')
    const again = await reeve(home.path, words, {
      ANTHROPIC_AUTH_TOKEN: 'rv_other',
      REEVE_CODEX_BASE_URL: 'http://127.0.0.1:9',
      GEMINI_API_KEY: 'rv_other',
    })
    expect([again].flat().map((one) => one.changed)).not.toContain(true)
    expect(readFileSync(join(home.path, secret), 'utf8')).toBe(before)
  },
)

test('a token in the file that works no more is replaced', async () => {
  using home = temporaryFolder()
  const words = ['codex', '--write', '--provider', 'scripted-openai']
  await reeve(home.path, words)
  const { json: keys } = await server.api('GET', '/api/v2/users/me/keys/tokens')
  for (const key of keys.filter((one: Row) => String(one.token_name).startsWith('codex-')))
    expect((await server.api('DELETE', `/api/v2/users/me/keys/${key.id}`)).status).toBe(204)
  expect(await reeve(home.path, words)).toMatchObject([
    { changed: true, settings: ['model_providers.reeve.experimental_bearer_token'] },
  ])
  const [, , bridge] = await reeve(home.path, ['check', 'codex'])
  expect(bridge).toMatchObject({ check: 'bridge', result: 'ok' })
})

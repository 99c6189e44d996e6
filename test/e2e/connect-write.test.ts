import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { allInterceptions, eventually } from '../support/record.ts'
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

/** The command of a person who is signed in, and whose shell says nothing else. */
async function reeve(home: string, ...words: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: home, REEVE_SESSION_TOKEN: server.ownerToken }
  const args = [command, 'connect', ...words, '--url', server.url, '-o', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: home, env })
  return JSON.parse(stdout)
}

const prompt = 'Show me that it works'
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
      args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt],
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
    const written = await reeve(home.path, name, '--write', '--provider', provider)
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

    // Whatever the agent has put into its own files meanwhile stays there, and so does the token.
    const before = readFileSync(join(home.path, secret), 'utf8')
    const again = await reeve(home.path, name, '--write', '--provider', provider)
    expect([again].flat().map((one) => one.changed)).not.toContain(true)
    expect(readFileSync(join(home.path, secret), 'utf8')).toBe(before)
  },
)

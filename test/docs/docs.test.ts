import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { runPage, startOnce } from './run-page.ts'

/**
 * A newcomer's machine: a fresh clone in an empty folder, a clean environment, an empty home. The clone holds what is
 * committed, which is what a newcomer would get.
 */
const url = 'http://127.0.0.1:3000'
const repository = resolve(import.meta.dirname, '../..')
const machine = mkdtempSync(join(tmpdir(), 'reeve-newcomer-'))
const checkout = join(machine, 'reeve')
const data = join(machine, 'data')
/** What a server leaves that was started for the first time and stopped before anybody used it. */
const startedOnce = join(machine, 'started-once')
/** Their own words are about the first start, in one process and in several: they make it themselves. */
const firstStarts = new Set(['docs/admin/install.md', 'docs/admin/scaling.md'])
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  // As a home would be: the user that PostgreSQL runs as, when the reader is root, may pass through.
  chmodSync(machine, 0o755)
  execFileSync('git', ['clone', '--quiet', repository, checkout])
  const agents = await installAgents()
  env = {
    HOME: machine,
    PATH: `${agents.bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    LANG: 'C.UTF-8',
    REEVE_DATA_DIR: data,
    // Claude Code asks for nothing but its model then, and may run as root in this throw-away home.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    IS_SANDBOX: '1',
    ...pick(process.env, ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'npm_config_registry', 'npm_config_cafile']),
  }
  await expectPortFree()
}, 600_000)

afterAll(() => rmSync(machine, { recursive: true, force: true }), 300_000)

test('the five-minute start works word for word in a fresh clone, twice', { timeout: 600_000 }, async () => {
  const first = await runPage(checkout, 'README.md', env, url)
  expect(first.output).toContain('Show me that it works')
  expect(first.output).toMatch(/tool_?\s?call/i)
  forget()
  const second = await runPage(checkout, 'README.md', env, url)
  console.log(`ready: first start ${seconds(first.readyMs)}, with everything installed ${seconds(second.readyMs)}`)
})

describe('the other pages', () => {
  // Making a database and its tables costs more than the rest of a start; the README has shown twice that it works.
  beforeAll(async () => {
    forget()
    await startOnce(checkout, 'npm start', env, url)
    renameSync(data, startedOnce)
  })

  for (const page of ['admin', 'users'].flatMap((folder) => pagesOf(`docs/${folder}`))) {
    test(`${page} works as written`, { timeout: 300_000 }, async () => {
      forget()
      // With its owners: PostgreSQL's files are another user's than root's.
      if (!firstStarts.has(page)) execFileSync('cp', ['--archive', startedOnce, data])
      await runPage(checkout, page, env, url)
    })
  }
})

/** The machine as before the first start; what is installed stays. */
function forget(): void {
  rmSync(data, { recursive: true, force: true })
  rmSync(join(machine, '.config'), { recursive: true, force: true })
}

function pagesOf(folder: string): string[] {
  return readdirSync(join(repository, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

function pick(from: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]))
}

function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`
}

async function expectPortFree(): Promise<void> {
  const taken = await fetch(url).then(
    () => true,
    () => false,
  )
  if (taken) throw new Error('port 3000 is taken: the pages say 127.0.0.1:3000, so their test needs it')
}

import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commands } from './commands.ts'
import { writeDeployments } from './deployments.ts'
import { type Deployment, type Handler, type Name, type Ran, Refusal, runCli, serveContract } from './testing.ts'
import { denialId, policyText } from './testing-boundaries.ts'
import { everything, sessionsFile } from './testing-data.ts'
import { hostile, requestId, sessionId } from './testing-sessions.ts'

/** The contract of every command: stdout is the answer in the format that was asked for, or nothing. */

const folder = mkdtempSync(join(tmpdir(), 'reeve-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const exportFile = join(folder, 'export.jsonl')
writeFileSync(exportFile, sessionsFile())
const templateFolder = join(folder, 'agent-small')
mkdirSync(templateFolder)
writeFileSync(join(templateFolder, 'main.tf'), 'resource "terraform_data" "x" {}\n')
const policyFile = join(folder, 'team-web.yaml')
writeFileSync(policyFile, policyText)
const licenseKey = join(folder, 'license.pem')
writeFileSync(licenseKey, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
const allowlistFile = join(folder, 'config.yaml')
writeFileSync(allowlistFile, 'allowlist:\n  - domain=github.com method=GET\n')

/** How each command is called, and on what stdin. */
const calls: Readonly<Record<string, { argv: readonly string[]; stdin?: string }>> = {
  login: { argv: ['--email', 'dana@example.com', '--password-stdin'], stdin: 'secret\n' },
  logout: { argv: [] },
  whoami: { argv: [] },
  status: { argv: [] },
  'connect claude': { argv: ['--provider', 'anthropic'] },
  'connect codex': { argv: ['--provider', 'anthropic'] },
  'connect gemini': { argv: ['--provider', 'anthropic'] },
  'connect opencode': { argv: ['--provider', 'anthropic'] },
  'connect check': { argv: ['claude'] },
  'bridge sessions list': { argv: [] },
  'bridge sessions show': { argv: [sessionId] },
  'bridge sessions tail': { argv: [sessionId] },
  'bridge sessions export': { argv: ['--out', 'sessions.jsonl'] },
  'bridge sessions verify': { argv: [exportFile] },
  'bridge requests list': { argv: ['--since', '-24h'] },
  'bridge requests show': { argv: [requestId] },
  'tokens create': { argv: ['--name', 'ci'] },
  'tokens list': { argv: [] },
  'tokens show': { argv: ['laptop'] },
  'tokens revoke': { argv: ['laptop', '--yes'] },
  'tokens expire': { argv: ['laptop', '--yes'] },
  'users hand-over': { argv: ['nightly', 'dana'] },
  'users sessions': { argv: [] },
  'users sign-out': { argv: ['--yes'] },
  'users create': { argv: ['--email', 'a@example.com', '--username', 'a', '--no-password'] },
  'users list': { argv: [] },
  'users show': { argv: [] },
  'users edit': { argv: ['me', '--full-name', 'Dana'] },
  'users remove': { argv: ['dana', '--yes'] },
  'users roles': { argv: [] },
  'users suspend': { argv: ['dana'] },
  'users activate': { argv: ['dana'] },
  'users password': { argv: ['--old-password-stdin', '--password-stdin'], stdin: 'old password\nnew password\n' },
  'organizations list': { argv: [] },
  'organizations show': { argv: [] },
  'organizations create': { argv: ['research'] },
  'organizations edit': { argv: ['research', '--no-member-roles'] },
  'organizations remove': { argv: ['research', '--yes'] },
  'organizations members list': { argv: [] },
  'organizations members add': { argv: ['research', 'dana'] },
  'organizations members remove': { argv: ['research', 'dana', '--yes'] },
  'groups list': { argv: [] },
  'groups show': { argv: ['platform'] },
  'groups create': { argv: ['platform', '--quota', '3'] },
  'groups edit': { argv: ['platform', '--add-user', 'dana'] },
  'groups remove': { argv: ['platform', '--yes'] },
  'roles list': { argv: [] },
  'roles show': { argv: ['auditor'] },
  'roles create': { argv: ['reader', '--permission', 'audit_log:read'] },
  'roles edit': { argv: ['auditor', '--organization', 'default', '--permission', 'group:*'] },
  'roles remove': { argv: ['auditor', '--yes'] },
  'roles assign': { argv: ['dana', '--add', 'auditor'] },
  'roles can': { argv: ['dana', 'audit_log:read'] },
  'notifications list': { argv: [] },
  'notifications read': { argv: [requestId] },
  'notifications preferences': { argv: ['--event', 'token-expiring', '--method', 'smtp', '--off'] },
  'notifications test': { argv: [] },
  'notifications pause': { argv: [] },
  'notifications resume': { argv: [] },
  'notifications deliveries': { argv: ['--status', 'failed'] },
  'notifications retry': { argv: [requestId] },
  'notifications events': { argv: [] },
  'notifications method': { argv: ['token-expiring', 'default'] },
  usage: { argv: ['--by', 'model', '--from', '-7d'] },
  'licenses add': { argv: [], stdin: 'a.b.c\n' },
  'licenses list': { argv: [] },
  'licenses delete': { argv: ['7', '--yes'] },
  'licenses usage': { argv: [] },
  'licenses builds': { argv: ['--counted', 'all', '--since', '-30d'] },
  'licenses make-key': { argv: ['acme-1', '--out', 'made.pem'] },
  'licenses make': { argv: ['acme-1', '--key', licenseKey, '--builds', '5000'] },
  'templates list': { argv: [] },
  'templates show': { argv: ['agent-small'] },
  'templates plan': { argv: ['agent-small', '--parameter', 'cpu=4'] },
  'templates push': { argv: [templateFolder, '--activate', 'all', '--variable', 'zone=a'] },
  'templates init': { argv: ['local', 'starter', '--list'] },
  'templates test': { argv: [templateFolder, '--param', 'cpu=4', '--preset', 'Large'] },
  'templates diff': { argv: ['agent-small', '--dir', templateFolder] },
  'templates versions': { argv: ['agent-small', '--archived'] },
  'templates promote': { argv: ['agent-small', 'v2'] },
  'templates archive': { argv: ['agent-small', '--yes'] },
  'templates pull': { argv: ['agent-small', '--out', 'agent-small.tar'] },
  'templates edit': { argv: ['agent-small', '--description', 'small', '--default-ttl', '8h'] },
  'templates share': { argv: ['agent-small', '--use', 'dana', '--everyone', 'no'] },
  'templates remove': { argv: ['agent-small', '--yes'] },
  'workspaces create': { argv: ['billing', 'agent-small', '--parameter', 'cpu=4'] },
  'workspaces list': { argv: [] },
  'workspaces show': { argv: ['dana/billing'] },
  'workspaces start': { argv: ['billing', '--parameter', 'cpu=4'] },
  'workspaces update': { argv: ['billing', '--detach'] },
  'workspaces open': { argv: ['billing', '--print'] },
  'workspaces stop': { argv: ['billing', '--detach'] },
  'workspaces schedule': { argv: ['billing', '--start', '30 9 * * 1-5', '--stop-after', '8h'] },
  'workspaces extend': { argv: ['billing', '--by', '2h'] },
  'workspaces rename': { argv: ['billing', 'invoices'] },
  'workspaces favorite': { argv: ['billing'] },
  'workspaces dormant': { argv: ['billing', '--wake'] },
  'workspaces ports': { argv: ['billing'] },
  'workspaces share-port': { argv: ['billing.main', '3000', '--with', 'public'] },
  'workspaces share': { argv: ['billing', '--user', 'erik'] },
  quota: { argv: [] },
  'workspaces delete': { argv: ['billing', '--yes'] },
  'workspaces agents': { argv: ['billing'] },
  ssh: { argv: ['billing', '--', 'true'] },
  'port-forward': { argv: ['billing', '--tcp', '8080'] },
  'workspaces agent-logs': { argv: ['billing'] },
  'workspaces logs': { argv: ['billing'] },
  'tasks create': { argv: ['Fix the test', '-t', 'agent-small', '--preset', 'Large', '--label', 'ci=7'] },
  'tasks list': { argv: [] },
  'tasks status': { argv: ['billing-test'] },
  'tasks logs': { argv: ['billing-test'] },
  'tasks send': { argv: ['billing-test', 'go on'] },
  'tasks input': { argv: ['billing-test', '--stdin'], stdin: 'do this instead\n' },
  'tasks edit': { argv: ['billing-test', '--label', 'ci=8', '--budget-tokens', '1000'] },
  'tasks pause': { argv: ['billing-test'] },
  'tasks resume': { argv: ['billing-test', '--detach'] },
  'tasks wait': { argv: ['billing-test'] },
  'tasks fork': { argv: ['billing-test'] },
  'tasks delete': { argv: ['billing-test', '--yes'] },
  'tasks open': { argv: ['billing-test', '--print'] },
  'providers list': { argv: [] },
  'providers show': { argv: ['openai'] },
  'providers types': { argv: [] },
  'providers create': { argv: ['openai', '--type', 'openai', '--key-stdin'], stdin: 'sk-key\n' },
  'providers update': { argv: ['openai', '--state', 'off'] },
  'providers test': { argv: ['openai'] },
  'providers remove': { argv: ['openai', '--yes'] },
  'rules list': { argv: [] },
  'rules show': { argv: ['--group', 'platform'] },
  'rules set': { argv: ['--model', 'claude-*'] },
  'rules preview': { argv: ['--model', 'claude-*'] },
  'rules check': { argv: ['--provider', 'openai', '--model', 'gpt-5'] },
  'rules remove': { argv: ['--yes'] },
  explain: { argv: [denialId] },
  'access request': { argv: [denialId, '--reason', 'the provider index'] },
  'access list': { argv: ['--filter', 'status:pending'] },
  'access show': { argv: [requestId] },
  'access approve': { argv: [requestId, '--for', '1h', '--method', 'GET'] },
  'access decline': { argv: [requestId, '--reason', 'use the mirror'] },
  'access withdraw': { argv: [requestId] },
  'policies list': { argv: [] },
  'policies show': { argv: ['team-web'] },
  'policies versions': { argv: ['team-web'] },
  'policies check': { argv: [policyFile] },
  'policies publish': { argv: [policyFile, '--message', 'reading from the mirror'] },
  'policies revert': { argv: ['team-web', '--yes'] },
  'policies remove': { argv: ['team-web', '--yes'] },
  'policies simulate': { argv: ['GET https://api.github.com/repos/acme/shop'] },
  'policies replay': { argv: [policyFile] },
  'policies import': { argv: [allowlistFile] },
  'network events': { argv: ['--since', '-1h'] },
  'network destinations': { argv: [] },
  'network rules': { argv: [] },
  'boundaries list': { argv: [] },
  'boundaries show': { argv: [requestId] },
  'boundaries end': { argv: [requestId, '--yes'] },
  'audit list': { argv: [] },
  'audit tail': { argv: [] },
  'audit export': { argv: ['--out', 'audit.jsonl'] },
  'audit verify': { argv: [] },
  'audit key': { argv: [] },
  'audit sinks list': { argv: [] },
  'audit sinks create': { argv: ['siem', 'tls://logs.example.com:6514', '--kind', 'syslog'] },
  'audit sinks update': { argv: ['siem', '--address', 'tls://logs.example.com:6514'] },
  'audit sinks enable': { argv: ['siem'] },
  'audit sinks disable': { argv: ['siem'] },
  'audit sinks test': { argv: ['siem'] },
  'audit sinks remove': { argv: ['siem', '--yes'] },
  'retention show': { argv: [] },
  'retention set': { argv: ['content', '30d', '--organization', 'acme', '--yes'] },
  'retention plan': { argv: [] },
  'retention run': { argv: ['--yes'] },
  'retention receipts list': { argv: [] },
  'retention receipts export': { argv: ['--out', 'receipts.jsonl'] },
  'retention receipts verify': { argv: [] },
  'retention holds list': { argv: [] },
  'retention holds create': { argv: ['--user', 'dana', '--reason', 'a lawsuit'] },
  'retention holds show': { argv: [requestId] },
  'retention holds release': { argv: [requestId, '--reason', 'it is over', '--yes'] },
  'external-auth list': { argv: [] },
  'external-auth login': { argv: ['github'] },
  'external-auth logout': { argv: ['github', '--yes'] },
  'external-auth access-token': { argv: ['github'] },
  gateways: { argv: [] },
  'gitsshkey show': { argv: [] },
  'gitsshkey regenerate': { argv: ['--yes'] },
  'secrets list': { argv: [] },
  'secrets set': { argv: ['deploy-key', '--env', 'DEPLOY_KEY', '--value-stdin'], stdin: 'hidden\n' },
  'secrets remove': { argv: ['deploy-key', '--yes'] },
  'keyring show': { argv: [] },
  'keyring rotate': { argv: ['--yes'] },
  'settings sign-in': { argv: [] },
  'settings idpsync show': { argv: ['groups'] },
  'settings idpsync set': { argv: ['roles', '--field', 'duties', '--map', 'lead=organization-admin'] },
  'settings idpsync test': { argv: [] },
  'audit reads': { argv: ['dana'] },
  api: { argv: ['GET', 'users'] },
  completion: { argv: ['bash'] },
  version: { argv: [] },
}
/** These ask nobody, so that nothing about a server can go wrong. */
const offline = new Set([
  'completion',
  'version',
  'bridge sessions verify',
  'policies check',
  'policies import',
  'licenses make-key',
  'licenses make',
])
/** These hold a connection to a workspace, which `test/e2e` has. */
const streaming = new Set(['ssh', 'port-forward'])
/** These write a text, whatever the format. */
const bare = new Set(['completion', 'policies import', 'licenses make'])
/** The check does not fail: it tells of failures. */
const neverFails = new Set([...offline, 'connect check', 'logout'])

const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u200B\u202E\u{E0041}]/u
const formats = ['table', 'json', 'jsonl', 'csv', 'id']

test('every command is in the matrix', () => {
  expect(Object.keys(calls).sort()).toEqual(commands.map((command) => command.path.join(' ')).sort())
})

for (const [name, { argv, stdin }] of Object.entries(calls)) {
  describe(`reeve ${name}`, () => {
    for (const format of formats) {
      for (const kind of streaming.has(name) ? [] : (['empty', 'full'] as const)) {
        test(`${kind}, -o ${format}: stdout is the answer and nothing else`, async () => {
          await using deployment = await serveContract(everythingOnce(kind === 'empty'))
          const ran = await call(deployment, name, [...argv, '-o', format], stdin)
          if (name === 'api' && format === 'csv') return expect(ran).toMatchObject({ code: 2, stdout: '' })
          expect(ran.code, ran.stderr).toBe(expectedCode(name))
          expect(ran.stdout).not.toMatch(forbidden)
          expect(ran.stderr).not.toMatch(forbidden)
          if (!bare.has(name)) checkFormat(format, ran.stdout)
        })
      }

      if (neverFails.has(name)) continue
      test(`error, -o ${format}: stdout stays empty and the exit code tells`, async () => {
        const refusal = new Refusal(500, { message: hostile, detail: hostile, code: 'internal', request_id: 'req-7' })
        await using deployment = await serveContract(everythingRefused(refusal))
        const ran = await call(deployment, name, [...argv, '-o', format], stdin)
        expect(ran).toMatchObject({ code: 1, stdout: '' })
        expect(ran.stderr).not.toMatch(forbidden)
        expect(ran.stderr).toContain('req-7')
        expect(ran.stderr).toContain('E_INTERNAL')
        if (format === 'json' || format === 'jsonl') {
          expect(JSON.parse(ran.stderr)).toMatchObject({ error: { message: hostile, ref: 'req-7', exit_code: 1 } })
        }
      })
    }
  })
}

/** Signed in to the deployment, with Claude Code pointed at it. */
async function call(deployment: Deployment, name: string, argv: readonly string[], stdin?: string): Promise<Ran> {
  const { url } = deployment
  const config = mkdtempSync(join(folder, 'config-'))
  await writeDeployments({ env: { XDG_CONFIG_HOME: config }, home: '' }, { current: url, tokens: { [url]: 'rv_kept' } })
  return runCli([...name.split(' '), ...argv], {
    env: {
      XDG_CONFIG_HOME: config,
      ANTHROPIC_BASE_URL: `${url}/api/v2/aibridge/anthropic`,
      ANTHROPIC_AUTH_TOKEN: 'rv_gateway_token_of_some_length',
    },
    cwd: config,
    ...(stdin === undefined ? {} : { stdin }),
    stopWhen: tailed.promise,
  })
}

/** A tail has no end of its own: Ctrl-C is pressed when it has connected for the second time. */
let tailed = Promise.withResolvers<void>()
function everythingOnce(empty: boolean): Partial<Record<Name, Handler>> {
  const handlers = everything(empty)
  let connected = 0
  tailed = Promise.withResolvers<void>()
  return {
    ...handlers,
    listAuditEvents(asked) {
      if (++connected === 2) tailed.resolve()
      return handlers.listAuditEvents?.(asked)
    },
    watchSession(asked) {
      if (++connected === 2) tailed.resolve()
      return handlers.watchSession?.(asked)
    },
  }
}

function everythingRefused(refusal: Refusal): Partial<Record<Name, Handler>> {
  tailed = Promise.withResolvers<void>()
  return Object.fromEntries(Object.keys(everything(true)).map((name) => [name, () => refusal]))
}

/** The check finds no bridge in the contract server, and says so with its exit code. */
const expectedCode = (name: string): number =>
  name === 'bridge sessions tail' || name === 'audit tail' ? 130 : name === 'connect check' ? 3 : 0

function checkFormat(format: string, stdout: string): void {
  if (format === 'json') JSON.parse(stdout)
  else if (format === 'jsonl')
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  else if (format === 'csv') expect(new Set(readCsv(stdout).map((line) => line.length)).size).toBe(1)
  if (stdout !== '') expect(stdout.endsWith('\n')).toBe(true)
}

/** RFC 4180, and no cell that a spreadsheet would run. */
function readCsv(text: string): string[][] {
  const lines = text.match(/(?:"(?:[^"]|"")*"|[^"\r])*\r\n/g) ?? []
  expect(lines.join('')).toBe(text)
  return lines.map((line) =>
    (`,${line.slice(0, -2)}`.match(/,(?:"(?:[^"]|"")*"|[^",]*)/g) ?? []).map((cell) => {
      const value = cell.slice(1).replace(/^"|"$/g, '')
      expect(value).not.toMatch(/^[=+@]/)
      return value
    }),
  )
}

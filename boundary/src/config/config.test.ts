import { Fault } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import { helpText, readCommandLine } from './command-line.ts'
import { readConfig } from './config.ts'
import { explainUrl } from './explain-url.ts'
import { importConfig } from './import-config.ts'
import { compilePolicy } from '@reeve/policy'

const coder = '/home/dana/.config/coder_boundary/config.yaml'
const own = '/home/dana/.config/reeve/boundary.yaml'

function read(
  argv: readonly string[],
  { files = {}, env = {} }: { files?: Record<string, string>; env?: Record<string, string> } = {},
) {
  return readConfig(readCommandLine(argv), { env, home: '/home/dana', readFile: (path) => files[path] ?? null })
}

/** Everything that was wrong, by name. */
function problems(...given: Parameters<typeof read>): readonly string[] {
  try {
    read(...given)
  } catch (error) {
    if (error instanceof Fault) return error.problems.map(({ field, detail }) => `${field} ${detail}`)
    throw error
  }
  return []
}
const run = ['--allow', 'domain=a.test', '--', 'claude']

describe('what was written for Coder', () => {
  const yaml = `
allowlist:
  - domain=github.com
  - method=GET domain=*.npmjs.test path=/x/*
log_dir: /var/log/boundary
log_level: info
proxy_port: 8087
jail_type: landjail
pprof_enabled: true
use_real_dns: false
`
  test('its file holds unchanged, and what does nothing is said', () => {
    const config = read(['--', 'claude', '--resume'], { files: { [coder]: yaml } })
    expect(config).toMatchObject({
      command: ['claude', '--resume'],
      logDir: '/var/log/boundary',
      logLevel: 'info',
      tier: 2,
      configFile: coder,
      policy: { label: 'allowlist@local' },
    })
    expect(config.policy?.document.network.rules.map(({ host }) => host[0])).toEqual(['github.com', '*.npmjs.test'])
    expect(config.notes.join('\n')).toMatch(/proxy_port does nothing here[^]*pprof_enabled does nothing here/)
  })

  test('rules of the file come first, then those of the command line', () => {
    const config = read(['--allow', 'domain=b.test', '--allow=domain=c.test', '--', 'x'], {
      files: { [coder]: 'allowlist: [domain=a.test]' },
    })
    expect(config.policy?.document.network.rules.map(({ host }) => host[0])).toEqual(['a.test', 'b.test', 'c.test'])
  })

  test('a flag beats a variable beats the file', () => {
    const files = { [own]: 'log_level: error\nallowlist: []' }
    expect(read(['x'], { files }).logLevel).toBe('error')
    const env = { BOUNDARY_LOG_LEVEL: 'info' }
    expect(read(['x'], { files, env }).logLevel).toBe('info')
    expect(read(['x'], { files, env: { ...env, REEVE_BOUNDARY_LOG_LEVEL: 'debug' } }).logLevel).toBe('debug')
    expect(read(['--log-level', 'warn', 'x'], { files, env }).logLevel).toBe('warn')
  })

  test('the session goes to the gateway of the deployment where nothing else is named', () => {
    const env = { BOUNDARY_SESSION_CORRELATION_ENABLED: 'true', CODER_AGENT_URL: 'https://coder.test/' }
    expect(read(run, { env }).injects).toMatchObject([
      { host: ['coder.test'], http: { paths: ['/api/v2/aibridge/**'] } },
    ])
    expect(problems(['--session-id-inject-target', 'path=/x', ...run])).toEqual([
      'session_id_inject_targets (allow-1) names no domain',
    ])
  })

  test('its markers of a second start mean nothing', () => {
    const env = { CHILD: 'true', BOUNDARY_PRIV_ESCALATED: '1' }
    expect(read(run, { env })).toEqual(read(run))
  })
})

test('the own file is looked for first, and where the environment says', () => {
  const files = { [coder]: 'allowlist: [domain=a.test]', [own]: 'allowlist: [domain=b.test]' }
  expect(read(['x'], { files }).configFile).toBe(own)
  const moved = { '/xdg/reeve/boundary.yaml': 'allowlist: []', ...files }
  expect(read(['x'], { files: moved, env: { XDG_CONFIG_HOME: '/xdg' } }).configFile).toBe('/xdg/reeve/boundary.yaml')
  expect(problems(['--config', '/no.yaml', ...run])).toEqual(['/no.yaml does not exist'])
})

test('without any policy nothing starts', () => {
  expect(() => read(['claude'])).toThrow('There is no policy')
  expect(read(['claude'], { files: { [own]: 'allowlist: []' } }).policy?.document.network.rules).toEqual([])
  const env = { REEVE_URL: 'https://reeve.test', REEVE_SESSION_TOKEN: 'rv_x' }
  expect(read(['claude'], { env })).toMatchObject({ policy: null, controlPlane: { url: 'https://reeve.test' } })
})

test('the token goes to another machine only over TLS, or where somebody says so', () => {
  const at = (url: string) => ({ env: { REEVE_URL: url, REEVE_SESSION_TOKEN: 'rv_x' } })
  for (const url of ['http://reeve.test', 'http://127.0.0.1.reeve.test', 'http://10.0.0.1:3000', 'http://[::2]']) {
    expect(problems(run, at(url))).toEqual([expect.stringMatching(/^REEVE_URL is plain http.*give its https address/)])
  }
  for (const url of ['https://reeve.test', 'http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000']) {
    expect(read(run, at(url)).controlPlane).toMatchObject({ url })
  }
  expect(read(['--allow-plain-http', ...run], at('http://reeve.test')).controlPlane).not.toBeNull()
})

test('everything that is wrong is told at once', () => {
  const files = { [own]: 'allow_list: [domain=a.test]\nallowlist: ["", "domain=a.*"]\nlog_dir: [x]\njail_type: jail' }
  expect(problems(['--min-tier', '4', '--unknown', '--'], { files, env: { REEVE_URL: 'https://reeve.test' } })).toEqual(
    [
      '--unknown is not known; the command follows behind --',
      `${own}: allow_list is not known; did you mean allowlist?`,
      `${own}: jail_type must be one of: nsjail, landjail`,
      'allowlist[0] an empty entry would allow everything; take it out',
      'allowlist[1] "a.*" ends in *; name the domain that the hosts are under',
      '--min-tier must be one of: 1, 2, 3',
      `${own}: log_dir must be text`,
      'REEVE_SESSION_TOKEN is missing, and REEVE_URL is set',
      'command is missing: boundary -- <command>',
    ],
  )
})

test('a policy file that is wrong is told with its place, and a right one holds', () => {
  const files = { '/p.yaml': 'apiVersion: reeve/v1\nname: web\nnetwork:\n  rules: [{ id: a, host: b.test }]\n' }
  expect(read(['--policy', '/p.yaml', 'x'], { files }).policy?.label).toBe('web@local')
  expect(problems(['--policy', '/p.yaml', ...run], { files })).toEqual([
    '--policy and an allow-list are two policies: choose one',
  ])
  const broken = { '/p.yaml': 'apiVersion: reeve/v1\nname: web\nnetwork:\n  rules: [{ id: a }]\n' }
  expect(problems(['--policy', '/p.yaml', 'x'], { files: broken })).toEqual([
    '/p.yaml:4:11 network.rules[0] host is missing; host: api.example.com',
  ])
})

test('what stands behind the dashes is the command’s own', () => {
  expect(readCommandLine(['--', '--help'])).toMatchObject({ verb: 'run', words: ['--help'] })
  expect(readCommandLine(['curl', '--version'])).toMatchObject({ verb: 'run', words: ['curl', '--version'] })
  expect(readCommandLine(['--version']).verb).toBe('version')
  expect(readCommandLine(['check', '--json'])).toMatchObject({ verb: 'check', words: ['--json'] })
  expect(readCommandLine(['explain-url', '--allow', 'domain=a.test', 'GET', 'https://a.test/'])).toMatchObject({
    verb: 'explain-url',
    words: ['GET', 'https://a.test/'],
  })
  expect(helpText()).toContain('--jail-type <value>')
  expect(helpText()).not.toContain('pprof')
})

test('one address is explained', () => {
  const { policy } = read(run)
  const told: string[] = []
  const explain = (...words: string[]) =>
    explainUrl(words, compilePolicy(policy === null ? [] : [policy]), new Date(0), (text) => told.push(text))
  expect(explain('GET', 'https://a.test/x')).toBe(0)
  expect(explain('https://a.test:8443/x')).toBe(1)
  expect(told.join('')).toBe(`allowed: GET https://a.test:443/x
  rule    allow-1 of allowlist@local
  looked  allow-1 of allowlist@local, allow: fits
denied: GET https://a.test:8443/x
  rule    default of allowlist@local
  looked  allow-1 of allowlist@local, allow: another port
`)
})

test('an allow-list becomes a document that can be published', () => {
  const out: string[] = []
  const warned: string[] = []
  const files: Record<string, string> = {
    '/c.yaml': 'allowlist: ["domain=a.test path=/v1/*"]',
    '/d.yaml': 'allowlist: [""]',
  }
  const io = {
    readFile: (path: string) => files[path] ?? null,
    write: (text: string) => out.push(text),
    warn: (text: string) => warned.push(text),
  }
  expect(importConfig(['/c.yaml'], io)).toBe(0)
  expect(out.join('')).toContain('{"id":"allow-1","host":["a.test"],"ports":[443,80],"http":{"paths":["/v1/**"]}}')
  expect(importConfig(['/d.yaml'], io)).toBe(1)
  expect(warned.join('')).toContain('error: allowlist[0]: an empty entry would allow everything')
})

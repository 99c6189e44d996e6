import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type TestReceiver, testReceiver } from '../server/src/tracing/testing-receiver.ts'
import { freePort } from './support/free-port.ts'
import { type RunningServer, startServer } from './support/server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { whySkipped } from './support/why-skipped.ts'

const deploy = resolve(import.meta.dirname, '../deploy')
const rules = readFileSync(join(deploy, 'prometheus/alerts.yml'), 'utf8')
const dashboard = readFileSync(join(deploy, 'grafana/reeve.json'), 'utf8')

let server: RunningServer
let traces: TestReceiver
let scraped = ''
beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`
  traces = await testReceiver()
  const env = { REEVE_TRACE_ENABLE: 'true', REEVE_TRACE_URL: traces.url, REEVE_TRACE_PROTOCOL: 'http/json' }
  server = await startServer({
    env: { REEVE_PROMETHEUS_ENABLE: 'true', REEVE_PROMETHEUS_ADDRESS: address, ...env },
  })
  const token = await server.gatewayToken()
  await ask(token, 'scripted-1', 200)
  await ask(token, 'no-model-of-anybody', 400)
  // What the drain has written is counted a moment later.
  await vi.waitFor(
    async () => {
      scraped = await (await fetch(`http://${address}/metrics`)).text()
      expect(scraped).toMatch(/^reeve_tokens_total\{.*\} [1-9]/m)
    },
    { timeout: 60_000, interval: 50 },
  )
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await traces[Symbol.asyncDispose]()
})

async function ask(token: string, model: string, status: number): Promise<void> {
  const answer = await fetch(`${server.url}/api/v2/aibridge/scripted/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model,
      max_tokens: 64,
      ...(status === 200 && { messages: [{ role: 'user', content: 'What is a reeve?' }] }),
    }),
  })
  expect(answer.status).toBe(status)
  await answer.arrayBuffer()
}

/** Names as they stand in expressions; a histogram's parts are told by their endings. */
function metricsIn(expressions: string): string[] {
  const names = expressions.match(/\b(?:reeve|process|nodejs)_[a-z0-9_]+(?=\{|\[|\)|,| )/g) ?? []
  return [...new Set(names.map((name) => name.replace(/(_seconds)_(bucket|sum|count)$/, '$1')))]
}

const exported = (): Set<string> => new Set([...scraped.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!))

test('every metric that the dashboard and the alerts ask for is one that a server has', () => {
  // Of the rules only the expressions: what stands in the texts is for people.
  const expressions = [...rules.matchAll(/expr: ([\s\S]*?)\n {8}\w+:/g)].map(([, text]) => text).join('\n')
  const asked = [...metricsIn(expressions + ' '), ...metricsIn(panels().join(' '))]
  expect(asked.length).toBeGreaterThan(40)
  expect(asked.filter((name) => !exported().has(name))).toEqual([])
})

function panels(): string[] {
  return [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!))
}

test('a server that is asked to trace tells of the bridge and of its API', async () => {
  const names = () => traces.spans.map(({ name }) => name)
  await expect.poll(names).toEqual(expect.arrayContaining(['POST /api/v2/users/login', 'chat scripted-1']))
  const asked = traces.spans.find(({ name }) => name === 'chat scripted-1')
  expect(asked?.service).toBe('reeve')
  expect(asked?.attributes).toMatchObject({ 'gen_ai.provider.name': 'anthropic', 'reeve.outcome': 'ok' })
  expect(names().filter((name) => name.includes('healthz'))).toEqual([])
})

test('every alert has a summary, a severity and what to do', () => {
  const alerts = rules.split('- alert: ').slice(1)
  expect(alerts.length).toBeGreaterThan(10)
  for (const alert of alerts) {
    expect(alert).toMatch(/severity: (critical|warning)/)
    expect(alert).toMatch(/\n {10}summary: /)
    expect(alert).toMatch(/\n {10}action: /)
  }
})

test('pages that an alert sends its reader to exist', () => {
  for (const [page] of rules.matchAll(/docs\/admin\/[\w-]+\.md/g)) readFileSync(join(deploy, '..', page))
})

describe('the names of the field', () => {
  const value = (line: string) =>
    scraped
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')[1]

  test.each(['coder_aibridged_', 'coder_ai_gateway_'])('%s* are the numbers of ours', (prefix) => {
    const pairs = {
      'interceptions_total{provider="scripted",model="scripted-1",status="completed",route="messages",client="Unknown"}':
        'reeve_interceptions_total{provider="scripted",model="scripted-1",route="messages",client="Unknown",outcome="ok"}',
      'interceptions_duration_seconds_bucket{le="120",provider="scripted"}':
        'reeve_interception_duration_seconds_bucket{le="120",provider="scripted",route="messages"}',
      'interceptions_duration_seconds_sum{provider="scripted"}':
        'reeve_interception_duration_seconds_sum{provider="scripted",route="messages"}',
      interceptions_inflight: 'reeve_interceptions_inflight',
      'tokens_total{provider="scripted",model="scripted-1",type="output"}':
        'reeve_tokens_total{provider="scripted",model="scripted-1",type="output"}',
      'non_injected_tool_selections_total{provider="scripted",model="scripted-1"}':
        'reeve_tool_calls_total{provider="scripted",model="scripted-1"}',
      'provider_info{provider_name="scripted",provider_type="anthropic",status="enabled"}':
        'reeve_ai_provider_info{provider="scripted",type="anthropic",state="ready"}',
      providers_last_reload_success_timestamp_seconds: 'reeve_ai_provider_reload_timestamp_seconds{outcome="ok"}',
    }
    for (const [theirs, ours] of Object.entries(pairs)) {
      expect(value(ours), ours).toBeDefined()
      expect(value(prefix + theirs), theirs).toBe(value(ours))
    }
    const prompts = (metric: string) =>
      scraped.split('\n').flatMap((line) => (line.startsWith(`${metric}{`) ? [line.slice(metric.length)] : []))
    expect(prompts(`${prefix}prompts_total`)).toEqual(prompts('reeve_prompts_total'))
    expect(prompts('reeve_prompts_total').length).toBeGreaterThan(0)
    for (const name of [
      'passthrough_total',
      'circuit_breaker_state',
      'circuit_breaker_trips_total',
      'circuit_breaker_rejects_total',
      'key_pool_exhaustions_total',
      'key_pool_state',
      'key_pool_state_transitions_total',
      'providers_last_reload_timestamp_seconds',
    ]) {
      expect(exported()).toContain(prefix + name)
    }
  })

  test('nothing that a client made up or a person is named by is a label', () => {
    expect(scraped).toMatch(/model="other"/)
    expect(scraped).not.toContain('no-model-of-anybody')
    expect(scraped).not.toMatch(/^(coder|reeve)_.*(initiator_id|user)=/m)
  })
})

const noPromtool = whySkipped(
  'what promtool says of metrics and alert rules',
  spawnSync('promtool', ['--version']).status === 0 ? null : 'there is no promtool: install prometheus',
)

describe.skipIf(noPromtool !== null)('promtool', () => {
  const promtool = (...args: string[]) => execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' })

  test('accepts the rules', () => {
    expect(promtool('check', 'rules', join(deploy, 'prometheus/alerts.yml'))).toContain('SUCCESS')
  })

  test('sees each alert ring when its fault is there, and none in a deployment in order', () => {
    expect(promtool('test', 'rules', join(deploy, 'prometheus/alerts.test.yml'))).toContain('SUCCESS')
    const rung = readFileSync(join(deploy, 'prometheus/alerts.test.yml'), 'utf8')
    for (const [, name] of rules.matchAll(/- alert: (\w+)/g)) expect(rung).toContain(`alertname="${name}"`)
  })

  test('parses every expression of the dashboard', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'dashboard.yml')
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: panels().map(recorded) }] }))
    expect(promtool('check', 'rules', '--lint=none', file)).toContain('SUCCESS')
  })

  test('has nothing to say of our metrics', () => {
    const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: scraped, encoding: 'utf8' })
    // What the runtime is measured by is named by the library.
    expect((stdout + stderr).split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_'))).toEqual([])
  })
})

/** With the dashboard's variables as Grafana would fill them in. */
function recorded(expression: string, index: number): { record: string; expr: string } {
  const expr = expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$(instance|provider)\b/g, '.*')
  return { record: `panel:${index}`, expr }
}

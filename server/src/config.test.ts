import { Fault } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from './config.ts'
import { configReference, helpText, settingsText } from './config-print.ts'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

function read({ argv = [], env = {}, files = {} }: Given): Config {
  const readFile = (path: string): string => {
    const content = files[path]
    if (content === undefined) throw new Error('no such file')
    return content
  }
  return readConfig({ argv, env: { HOME: '/home/dana', ...env }, readFile, uid: 1000 })
}

function problems(given: Given): Record<string, string> {
  try {
    read(given)
  } catch (thrown) {
    if (thrown instanceof Fault) return Object.fromEntries(thrown.problems.map(({ field, detail }) => [field, detail]))
    throw thrown
  }
  return {}
}

test('without any setting the server is local, uses its own database and offers the scripted provider', () => {
  const config = read({})
  expect(config.http).toEqual({ host: '127.0.0.1', port: 3000 })
  expect(config.dataDir).toBe('/home/dana/.local/share/reeve')
  expect(config.postgresUrl).toBe(null)
  expect(config.tokens.defaultLifetimeMs).toBe(30 * 86_400_000)
  expect(config.bridge).toMatchObject({
    enabled: true,
    scripted: true,
    capture: 'full',
    bodyBytesMax: 64 * 1024 * 1024,
  })
})

test('root keeps its data under /var/lib', () => {
  expect(readConfig({ argv: [], env: {}, readFile: () => '', uid: 0 }).dataDir).toBe('/var/lib/reeve')
})

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const files = { 'reeve.yaml': 'sign_in:\n  session_duration: 1h\n  default_token_lifetime: 2h\nshutdown_grace: 3s\n' }
  const env = { REEVE_CONFIG: 'reeve.yaml', REEVE_SESSION_DURATION: '4h', REEVE_DEFAULT_TOKEN_LIFETIME: '5h' }
  const config = read({ argv: ['--session-duration=6h'], env, files })
  expect(config.sessionMs).toBe(6 * 3_600_000)
  expect(config.tokens.defaultLifetimeMs).toBe(5 * 3_600_000)
  expect(config.shutdownGraceMs).toBe(3_000)
  expect(config.settings.find(({ name }) => name === 'shutdownGrace')).toMatchObject({ value: '3s', source: 'file' })
})

test('every problem is reported at once, by the name that was used', () => {
  const found = problems({
    argv: ['--http-adress', '--session-duration', '5 minutes', 'serve', '--capture'],
    env: {
      REEVE_AIBRIDGE_RETENTIN: '1d',
      REEVE_LOG: 'xml',
      REEVE_TLS_CERT_FILE: '/cert',
      CODER_AIBRIDGE_CAPTURE: 'all',
    },
    files: {},
  })
  expect(found).toMatchObject({
    '--http-adress': 'is no flag of the server; did you mean --http-address?',
    '--session-duration': expect.stringContaining('"5 minutes"'),
    serve: expect.stringContaining('is no argument'),
    REEVE_AIBRIDGE_RETENTIN: 'is no variable of the server; did you mean REEVE_AIBRIDGE_RETENTION?',
    REEVE_LOG: 'must be one of text, json, not "xml"',
    REEVE_TLS_CERT_FILE: 'needs REEVE_TLS_KEY_FILE as well',
    CODER_AIBRIDGE_CAPTURE: expect.stringContaining('full, prompts, metadata'),
  })
})

test('the file is refused for unknown keys, wrong shapes and broken YAML, with the place', () => {
  const files = { a: 'http:\n  adress: x\naibridge: 3\ndata_dir: [1, {}]\n', b: 'http: [1\n' }
  expect(problems({ argv: ['--config', 'a'], files })).toEqual({
    'http.adress in a': 'is no setting of the server; did you mean http.address?',
    'aibridge in a': 'must be a group of settings',
    'data_dir in a': 'must be a single value',
  })
  expect(Object.keys(problems({ argv: ['--config', 'b'], files }))).toEqual(['b'])
  expect(problems({ env: { REEVE_CONFIG: 'c' }, files })).toEqual({ REEVE_CONFIG: 'cannot read c: no such file' })
})

describe('names of other products', () => {
  test('are read as the same settings', () => {
    const config = read({
      env: {
        CODER_HTTP_ADDRESS: '127.0.0.1:4000',
        CODER_PG_CONNECTION_URL: 'postgres://db/x',
        REEVE_AI_GATEWAY_RETENTION: '60d',
        CODER_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-1',
        CODER_AGENT_TOKEN: 'somebody else’s',
      },
    })
    expect(config.http.port).toBe(4000)
    expect(config.postgresUrl?.reveal()).toBe('postgres://db/x')
    expect(config.retention.keepDays).toMatchObject({ content: 60, metadata: 400 })
    expect(config.bridge.scripted).toBe(false)
  })

  test('may repeat the setting and may not contradict it', () => {
    expect(problems({ env: { REEVE_VERBOSE: 'true', CODER_VERBOSE: 'true' } })).toEqual({})
    const [detail] = Object.values(problems({ env: { REEVE_VERBOSE: 'true', CODER_VERBOSE: 'false' } }))
    expect(detail).toBe('says something else than CODER_VERBOSE, which is the same setting')
  })
})

describe('secrets', () => {
  const files = { '/run/key': 'sk-ant-from-file\n' }

  test('can be read from a file', () => {
    for (const given of [
      { env: { REEVE_AIBRIDGE_ANTHROPIC_KEY_FILE: '/run/key' } },
      { argv: ['--aibridge-anthropic-key-file', '/run/key'] },
    ]) {
      expect(read({ ...given, files }).bridge.providers[0]?.keys[0]?.reveal()).toBe('sk-ant-from-file')
    }
    expect(problems({ env: { REEVE_AIBRIDGE_ANTHROPIC_KEY_FILE: '/nowhere' } })).toEqual({
      REEVE_AIBRIDGE_ANTHROPIC_KEY_FILE: 'cannot read /nowhere: no such file',
    })
  })

  test('are not printed, whether as settings, as JSON or in a problem', () => {
    const env = { REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-canary', REEVE_POSTGRES_URL: 'postgres://u:canary@db/x' }
    const config = read({ env })
    expect(settingsText(config.settings) + JSON.stringify(config)).not.toContain('canary')
    const found = problems({ env: { REEVE_POSTGRES_URL: 'mysql://canary', REEVE_AIBRIDGE_ANTHROPIC_KEY: 'can ary' } })
    expect(Object.keys(found)).toHaveLength(2)
    expect(JSON.stringify(found)).not.toMatch(/canary|can ary/)
  })
})

describe('what would expose passwords, tokens or keys is refused', () => {
  const exposed = { REEVE_HTTP_ADDRESS: '0.0.0.0:3000' }

  test('listening to other machines without TLS', () => {
    for (const address of ['0.0.0.0:3000', ':3000', '[::]:3000', '10.0.0.1:80', 'reeve.internal:80']) {
      expect(Object.keys(problems({ env: { REEVE_HTTP_ADDRESS: address } }))).toEqual(['REEVE_HTTP_ADDRESS'])
    }
    for (const address of ['127.0.0.2:3000', '[::1]:3000', 'localhost:0']) {
      expect(problems({ env: { REEVE_HTTP_ADDRESS: address } })).toEqual({})
    }
  })

  test('unless there is TLS, a proxy with it, or an explicit word', () => {
    const files = { '/cert': 'c', '/key': 'k' }
    const tls = { REEVE_TLS_CERT_FILE: '/cert', REEVE_TLS_KEY_FILE: '/key' }
    expect(problems({ env: { ...exposed, ...tls }, files })).toEqual({})
    expect(problems({ env: { ...exposed, REEVE_ACCESS_URL: 'https://reeve.example.com' } })).toEqual({})
    expect(problems({ argv: ['--insecure-http'], env: exposed })).toEqual({})
  })

  test('an access URL or a provider across the network without TLS', () => {
    expect(Object.keys(problems({ env: { REEVE_ACCESS_URL: 'http://reeve.example.com' } }))).toEqual([
      'REEVE_ACCESS_URL',
    ])
    const env = { REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: 'http://models.internal' }
    expect(problems({ env })).toEqual({})
    expect(Object.keys(problems({ env: { ...env, REEVE_AIBRIDGE_ANTHROPIC_KEY: 'k' } }))).toEqual([
      'REEVE_AIBRIDGE_ANTHROPIC_BASE_URL',
    ])
  })
})

test('settings that contradict each other are refused', () => {
  expect(problems({ env: { REEVE_DEFAULT_TOKEN_LIFETIME: '40d', REEVE_MAX_TOKEN_LIFETIME: '30d' } })).toHaveProperty(
    'REEVE_DEFAULT_TOKEN_LIFETIME',
  )
  expect(
    problems({ env: { REEVE_PROMETHEUS_ENABLE: 'true', REEVE_PROMETHEUS_ADDRESS: '127.0.0.1:3000' } }),
  ).toHaveProperty('REEVE_PROMETHEUS_ADDRESS')
})

test('who asks is told in two headers, under any names that mean nothing else', () => {
  const env = { CODER_AIBRIDGE_SEND_ACTOR_HEADERS: 'true', REEVE_AIBRIDGE_ACTOR_HEADER_ID: 'X-User-Id' }
  const { actorHeaders, allowByok, limits } = read({
    env: { ...env, REEVE_AIBRIDGE_ACTOR_HEADER_USERNAME: 'none', CODER_AIBRIDGE_ALLOW_BYOK: 'false' },
  }).bridge
  expect(actorHeaders).toEqual({ sent: true, id: 'X-User-Id', username: null })
  expect([allowByok, limits.perUser, limits.open]).toEqual([false, 0, 0])
  expect(problems({ env: { ...env, REEVE_AIBRIDGE_ACTOR_HEADER_USERNAME: 'x-user-id' } })).toHaveProperty([
    'REEVE_AIBRIDGE_ACTOR_HEADER_USERNAME',
  ])
})

test('malformed values are refused', () => {
  const wrong: Record<string, string[]> = {
    REEVE_HTTP_ADDRESS: ['3000', '127.0.0.1', '127.0.0.1:99999', '[1.2.3.4]:80', 'a b:80'],
    REEVE_ACCESS_URL: ['reeve', 'ftp://x', 'https://u:p@x', 'https://x/?q', 'https://x/path'],
    REEVE_PROXY_TRUSTED_ORIGINS: ['10.0.0.0/33', 'proxy', '10.0.0.1,', '::1/129'],
    REEVE_AIBRIDGE_MAX_BODY_BYTES: ['0', '64MB', '-1', '10GiB'],
    REEVE_AIBRIDGE_MAX_CONCURRENCY: ['-1', '1.5', 'many'],
    REEVE_AIBRIDGE_RETENTION: ['1h', '190', 'never'],
    REEVE_AIBRIDGE_RATE_LIMIT: ['-1', '0.5', 'many'],
    REEVE_AIBRIDGE_MAX_EVENT_LOOP_DELAY: ['1', '5ms'],
    REEVE_AIBRIDGE_TOKEN_OUTAGE: ['1', '500ms', '8d', 'always'],
    REEVE_AIBRIDGE_ACTOR_HEADER_ID: [
      'Authorization',
      'Content-Type',
      'X-Forwarded-For',
      'X-Reeve-User',
      'X User',
      'Cookie',
    ],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) expect(problems({ env: { [name]: value } }), `${name}=${value}`).toHaveProperty([name])
  }
})

test('help and reference name every setting', () => {
  for (const { env, flag } of read({}).settings) {
    expect(helpText()).toContain(`${flag}  (${env})`)
    expect(configReference()).toContain(`### ${env}\n`)
  }
})

describe('Amazon Bedrock', () => {
  const key = {
    CODER_AIBRIDGE_BEDROCK_ACCESS_KEY: 'AKIAABCDEFGHIJKL',
    REEVE_AIBRIDGE_BEDROCK_ACCESS_KEY_SECRET: 's3cret/+=',
  }
  const bedrock = (env: Record<string, string>) => read({ env }).bridge.providers.find(({ type }) => type === 'bedrock')
  const of = (env: Record<string, string>) => {
    const found = bedrock(env)
    return [found?.baseUrl, found?.keys.map((one) => one.reveal()), found?.settings]
  }

  test('is there with a region or a base URL, and signs with the two halves of a key', () => {
    expect(bedrock({})).toBeUndefined()
    const address = 'https://bedrock-runtime.eu-central-1.amazonaws.com'
    const pair = ['AKIAABCDEFGHIJKL:s3cret/+=']
    expect(of({ ...key, REEVE_AIBRIDGE_BEDROCK_REGION: 'eu-central-1' })).toEqual([
      address,
      pair,
      { region: 'eu-central-1' },
    ])
    expect(of({ ...key, REEVE_AI_GATEWAY_BEDROCK_BASE_URL: address })).toEqual([address, pair, {}])
    const proxied = {
      REEVE_AIBRIDGE_BEDROCK_BASE_URL: 'https://aws.corp.test',
      REEVE_AIBRIDGE_BEDROCK_REGION: 'us-east-1',
    }
    expect(of({ ...key, ...proxied })).toEqual(['https://aws.corp.test', pair, { region: 'us-east-1' }])
    const listed = {
      REEVE_AIBRIDGE_PROVIDER_0_TYPE: 'bedrock',
      REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_REGION: 'cn-north-1',
      REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_ACCESS_KEY: 'AKIAABCDEFGHIJKL',
      REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_ACCESS_KEY_SECRET: 's3cret/+=',
    }
    expect(of(listed)).toEqual(['https://bedrock-runtime.cn-north-1.amazonaws.com.cn', pair, { region: 'cn-north-1' }])
    const { settings } = read({ env: { ...key, ...listed, ...proxied, REEVE_AIBRIDGE_PROVIDER_0_NAME: 'x' } })
    expect(settingsText(settings)).not.toContain('s3cret')
  })

  test('gives everybody one pair of models where they are said', () => {
    const region = { REEVE_AIBRIDGE_BEDROCK_REGION: 'us-east-1' }
    const models = (env: Record<string, string>) => bedrock({ ...region, ...env })?.settings?.models
    expect(models({ REEVE_AIBRIDGE_BEDROCK_MODEL: 'big' })).toEqual([
      { from: '*haiku*', to: 'global.anthropic.claude-haiku-4-5-20251001-v1:0' },
      { from: '*', to: 'big' },
    ])
    expect(models({ REEVE_AIBRIDGE_BEDROCK_SMALL_FAST_MODEL: 'small' })).toEqual([{ from: '*haiku*', to: 'small' }])
  })

  test.each([
    [{ REEVE_AIBRIDGE_BEDROCK_MODEL: 'm' }, 'REEVE_AIBRIDGE_BEDROCK_REGION'],
    [{ REEVE_AIBRIDGE_BEDROCK_REGION: 'eu central' }, 'REEVE_AIBRIDGE_BEDROCK_REGION'],
    [
      { REEVE_AIBRIDGE_BEDROCK_REGION: 'us-east-1', REEVE_AIBRIDGE_BEDROCK_ACCESS_KEY: 'AKIAABCDEFGHIJKL' },
      'REEVE_AIBRIDGE_BEDROCK_ACCESS_KEY_SECRET',
    ],
    [{ ...key, REEVE_AIBRIDGE_BEDROCK_BASE_URL: 'https://aws.corp.test' }, 'REEVE_AIBRIDGE_BEDROCK_REGION'],
    [
      {
        REEVE_AIBRIDGE_BEDROCK_KEY: 'ASIAABCDEFGHIJKL:s3cret:t0ken',
        REEVE_AIBRIDGE_BEDROCK_BASE_URL: 'https://aws.corp.test',
      },
      'REEVE_AIBRIDGE_BEDROCK_REGION',
    ],
    [
      { ...key, REEVE_AIBRIDGE_BEDROCK_REGION: 'us-east-1', REEVE_AIBRIDGE_BEDROCK_BASE_URL: 'http://aws.corp.test' },
      'REEVE_AIBRIDGE_BEDROCK_BASE_URL',
    ],
    [
      { REEVE_AIBRIDGE_PROVIDER_0_TYPE: 'openai', REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_REGION: 'us-east-1' },
      'REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_REGION',
    ],
    [
      {
        REEVE_AIBRIDGE_PROVIDER_0_TYPE: 'bedrock',
        REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_REGION: 'us-east-1',
        REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_ACCESS_KEY_SECRET: 's',
      },
      'REEVE_AIBRIDGE_PROVIDER_0_BEDROCK_ACCESS_KEY',
    ],
  ])('%j is refused by name', (env, field) => {
    expect(Object.keys(problems({ env }))).toEqual([field])
  })
})

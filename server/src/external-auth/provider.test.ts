import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { testProvider } from './testing.ts'

const base = { HOME: '/home/dana' }
const config = (env: Record<string, string>, files: Record<string, string> = {}) =>
  readConfig({
    argv: [],
    env: { ...base, ...env },
    readFile(path) {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    },
  })
const problems = (env: Record<string, string>, files?: Record<string, string>): string[] => {
  try {
    config(env, files)
    return []
  } catch (thrown) {
    // SAFETY: readConfig throws a Fault with problems.
    return (thrown as { problems: { field: string; detail: string }[] }).problems.map(
      ({ field, detail }) => `${field} ${detail}`,
    )
  }
}

test('providers are read in the order of their numbers, under both names, with secrets from files', () => {
  const env = {
    CODER_EXTERNAL_AUTH_1_TYPE: 'gitlab',
    CODER_EXTERNAL_AUTH_1_CLIENT_ID: 'b',
    CODER_EXTERNAL_AUTH_1_CLIENT_SECRET: 'glsecret',
    CODER_EXTERNAL_AUTH_1_APP_INSTALL_URL: 'https://ignored.example',
    REEVE_EXTERNAL_AUTH_0_TYPE: 'github',
    REEVE_EXTERNAL_AUTH_0_CLIENT_ID: 'a',
    REEVE_EXTERNAL_AUTH_0_CLIENT_SECRET_FILE: '/run/secrets/github',
    REEVE_EXTERNAL_AUTH_0_SCOPES: 'repo,read:org',
  }
  const { externalAuth, settings } = config(env, { '/run/secrets/github': 'ghsecret\n' })
  expect(externalAuth.map(({ id }) => id)).toEqual(['github', 'gitlab'])
  expect(externalAuth[0]?.clientSecret?.reveal()).toBe('ghsecret')
  expect(externalAuth[0]?.scopes).toEqual(['repo', 'read:org'])
  const shown = JSON.stringify([settings, externalAuth])
  expect(shown).not.toMatch(/ghsecret|glsecret/)
  const secret = { env: 'REEVE_EXTERNAL_AUTH_0_CLIENT_SECRET_FILE', value: '[secret]' }
  expect(settings).toContainEqual(expect.objectContaining(secret))
})

test('providers can be a list in the file', () => {
  const yaml =
    'external_auth:\n  - id: work\n    type: gitea\n    client_id: a\n    client_secret: b\n    scopes: [x, y]\n'
  const { externalAuth } = config({ REEVE_CONFIG: 'r.yaml' }, { 'r.yaml': yaml })
  expect(externalAuth).toMatchObject([{ id: 'work', type: 'gitea', scopes: ['x', 'y'] }])
  expect(problems({ REEVE_CONFIG: 'r.yaml' }, { 'r.yaml': 'external_auth: {}\n' })).toEqual([
    'external_auth must be a list of providers',
  ])
  const unknown = 'external_auth:\n  - client_id: a\n    colour: red\n'
  expect(problems({ REEVE_CONFIG: 'r.yaml' }, { 'r.yaml': unknown })).toContain(
    'external_auth[0].colour is no field of a provider',
  )
})

test('every mistake in a provider is named with its place', () => {
  const env = {
    REEVE_EXTERNAL_AUTH_0_TYPE: 'githup',
    REEVE_EXTERNAL_AUTH_0_AUTH_URL: 'http://git.example/authorize',
    REEVE_EXTERNAL_AUTH_0_TOKEN_URL: 'https://user:pw@git.example/token',
    REEVE_EXTERNAL_AUTH_0_VALIDATE_URL: 'file:///etc/passwd',
    REEVE_EXTERNAL_AUTH_0_REGEX: '(?=a)b',
    REEVE_EXTERNAL_AUTH_0_COLOUR: 'red',
    REEVE_EXTERNAL_AUTH_0_NO_REFRESH: 'maybe',
  }
  const found = problems(env)
  for (const start of [
    'REEVE_EXTERNAL_AUTH_0_TYPE must be one of',
    'REEVE_EXTERNAL_AUTH_0_CLIENT_ID is missing',
    'REEVE_EXTERNAL_AUTH_0_AUTH_URL would carry tokens without encryption',
    'REEVE_EXTERNAL_AUTH_0_TOKEN_URL must not contain a user name',
    'REEVE_EXTERNAL_AUTH_0_VALIDATE_URL is not an https address',
    'REEVE_EXTERNAL_AUTH_0_REGEX is no pattern in RE2 syntax',
    'REEVE_EXTERNAL_AUTH_0_COLOUR is no field of a provider',
    'REEVE_EXTERNAL_AUTH_0_NO_REFRESH is neither true nor false',
  ]) {
    expect(
      found.some((line) => line.startsWith(start)),
      `${start}\n${found.join('\n')}`,
    ).toBe(true)
  }
  const twice = { REEVE_EXTERNAL_AUTH_0_CLIENT_ID: 'a', REEVE_EXTERNAL_AUTH_1_CLIENT_ID: 'b' }
  expect(problems({ ...twice, REEVE_EXTERNAL_AUTH_0_TYPE: 'gitlab', REEVE_EXTERNAL_AUTH_1_TYPE: 'gitlab' })).toEqual([
    'external auth two providers are called gitlab; give one of them another ID',
  ])
  expect(problems({ REEVE_EXTERNAL_AUTH_0_CLIENT_ID: 'a' })).toEqual([
    'REEVE_EXTERNAL_AUTH_0_AUTH_URL is missing; the type generic has no default',
    'REEVE_EXTERNAL_AUTH_0_TOKEN_URL is missing; the type generic has no default',
  ])
})

test('nothing of a provider of one’s own goes to the public service of its kind', () => {
  for (const [type, publicHost] of [
    ['github', /github\.com/],
    ['gitlab', /gitlab\.com/],
    ['gitea', /gitea\.com/],
    ['bitbucket-server', /bitbucket\.org/],
  ] as const) {
    const own = testProvider({
      TYPE: type,
      CLIENT_ID: 'a',
      CLIENT_SECRET: 'b',
      AUTH_URL: 'https://git.corp.example/oauth/authorize',
    })
    expect(JSON.stringify(own)).not.toMatch(publicHost)
    for (const url of [own.tokenUrl, own.validateUrl, own.revokeUrl]) {
      if (url !== null) expect(new URL(url).host).toBe('git.corp.example')
    }
  }
  const common = testProvider({ TYPE: 'github', CLIENT_ID: 'Iv1.a/b', CLIENT_SECRET: 'b' })
  expect(common).toMatchObject({
    tokenUrl: 'https://github.com/login/oauth/access_token',
    validateUrl: 'https://api.github.com/user',
    revokeUrl: 'https://api.github.com/applications/Iv1.a%2Fb/grant',
    deviceUrl: null,
  })
})

test('encryption keys are read, never shown, and refused one by one', () => {
  const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((bytes) => bytes.toString('base64'))
  const read = config({ CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: `${a}, ${b}` })
  expect(read.encryptionKeys).toHaveLength(2)
  expect(JSON.stringify(read)).not.toContain(a)
  const wrong = problems({ REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: `${a},c2hvcnQ=` })
  expect(wrong).toEqual([
    'REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS has no 32 bytes in base64 as key 2; openssl rand -base64 32 makes one',
  ])
  expect(problems({ REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: `${a},${a}` })).toEqual([
    'REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS has the same key twice',
  ])
})

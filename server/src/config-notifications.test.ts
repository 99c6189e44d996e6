import { Fault } from '@reeve/base'
import { expect, test } from 'vitest'
import { type Config, readConfig } from './config.ts'

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const files: Readonly<Record<string, string>> = {
  '/ca.pem': '-----BEGIN CERTIFICATE-----\n',
  '/empty': '',
  '/password': 'canary\n',
}

function read(env: Readonly<Record<string, string>>): Config {
  return readConfig({
    argv: [],
    env: { REEVE_DATA_DIR: '/data', ...env },
    readFile(path) {
      const text = files[path]
      if (text === undefined) throw new Error('there is no such file')
      return text
    },
  })
}

function problemsOf(env: Readonly<Record<string, string>>): Record<string, string> {
  try {
    read(env)
    return {}
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return Object.fromEntries(thrown.problems.map(({ field, detail }) => [field, detail]))
  }
}

const mail = { REEVE_EMAIL_FROM: 'Reeve <reeve@example.com>', REEVE_EMAIL_SMARTHOST: 'smtp.example.com:587' }
const auth = { REEVE_EMAIL_AUTH_USERNAME: 'reeve', REEVE_EMAIL_AUTH_PASSWORD_FILE: '/password' }
const hook = {
  REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: 'https://hooks.example.com/a/?b=c',
  REEVE_NOTIFICATIONS_WEBHOOK_SECRET: secret,
}

test('without settings there is the inbox alone', () => {
  expect(read({}).notifications).toMatchObject({ mail: null, webhook: null, attemptsMax: 20, retryMs: 30_000 })
})

test('mail is encrypted unless the server is on this machine, and the names of the field are read', () => {
  expect(read(mail).notifications.mail).toMatchObject({
    from: { name: 'Reeve', address: 'reeve@example.com' },
    host: 'smtp.example.com',
    port: 587,
    security: 'starttls',
  })
  const local = { CODER_EMAIL_FROM: 'reeve@example.com', CODER_EMAIL_SMARTHOST: 'localhost:25' }
  expect(read(local).notifications.mail).toMatchObject({ from: { name: '' }, security: 'none', auth: null })
  expect(read({ ...local, CODER_EMAIL_FORCE_TLS: 'true' }).notifications.mail).toMatchObject({ security: 'tls' })
})

test('neither the password nor the secret of webhooks is printed', () => {
  const config = read({ ...mail, ...auth, ...hook })
  expect(config.notifications.mail?.auth?.password.reveal()).toBe('canary')
  expect(config.notifications.webhook).toMatchObject({ endpoint: 'https://hooks.example.com/a/?b=c' })
  const printed = JSON.stringify(config)
  expect(printed).not.toContain('canary')
  expect(printed).not.toContain(secret)
})

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['half of mail', { REEVE_EMAIL_SMARTHOST: 'a:25' }, { REEVE_EMAIL_SMARTHOST: 'needs REEVE_EMAIL_FROM' }],
  ['the other half', { REEVE_EMAIL_FROM: 'a@b.c' }, { REEVE_EMAIL_FROM: 'needs REEVE_EMAIL_SMARTHOST' }],
  ['a user without password', { ...mail, REEVE_EMAIL_AUTH_USERNAME: 'a' }, { REEVE_EMAIL_AUTH_USERNAME: 'PASSWORD' }],
  [
    'a password in the open',
    { ...mail, ...auth, REEVE_EMAIL_TLS_STARTTLS: 'false' },
    { REEVE_EMAIL_TLS_STARTTLS: 'without encryption' },
  ],
  ['a sender that is a header', { ...mail, REEVE_EMAIL_FROM: 'a@b.c\r\nBcc: x@y.z' }, { REEVE_EMAIL_FROM: 'address' }],
  [
    'no certificates',
    { ...mail, REEVE_EMAIL_TLS_CACERTFILE: '/empty' },
    { REEVE_EMAIL_TLS_CACERTFILE: 'no certificate' },
  ],
  [
    'an unsigned webhook',
    { REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: 'https://a.b' },
    { REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: 'WEBHOOK_SECRET' },
  ],
  [
    'a weak secret',
    { ...hook, REEVE_NOTIFICATIONS_WEBHOOK_SECRET: 'hunter2' },
    { REEVE_NOTIFICATIONS_WEBHOOK_SECRET: 'openssl' },
  ],
  [
    'a webhook in the open',
    { ...hook, REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: 'http://hooks.example.com' },
    { REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: 'without encryption' },
  ],
])('refused with its name and what to do: %s', (_, env, expected) => {
  const found = problemsOf(env)
  expect(Object.keys(found)).toEqual(Object.keys(expected))
  for (const [field, words] of Object.entries(expected)) expect(found[field]).toContain(words)
})

import { Fault } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from './config.ts'

const named = {
  HOME: '/home/dana',
  REEVE_ACCESS_URL: 'https://reeve.example.com',
  REEVE_OIDC_ISSUER_URL: 'https://id.example.com/realms/work/',
  REEVE_OIDC_CLIENT_ID: 'reeve',
}
const read = (env: Record<string, string>): Config['oidc'] =>
  readConfig({ argv: [], env, readFile: () => 'from-a-file', uid: 1000 }).oidc

function problems(env: Record<string, string>): Record<string, string> {
  try {
    read(env)
  } catch (thrown) {
    if (thrown instanceof Fault) return Object.fromEntries(thrown.problems.map(({ field, detail }) => [field, detail]))
    throw thrown
  }
  return {}
}

describe('the identity provider', () => {
  test('is there when it is named, to the letter, and not otherwise', () => {
    expect(read({ HOME: '/home/dana' })).toBe(null)
    expect(read(named)).toMatchObject({
      issuer: 'https://id.example.com/realms/work/',
      clientId: 'reeve',
      clientSecret: null,
      scopes: ['openid', 'profile', 'email'],
      allowSignups: true,
      insecure: false,
    })
  })

  test('is read from the names of other products, with its mappings and its secret from a file', () => {
    const config = read({
      HOME: '/home/dana',
      CODER_ACCESS_URL: 'https://reeve.example.com',
      CODER_OIDC_ISSUER_URL: 'https://id.example.com',
      CODER_OIDC_CLIENT_ID: 'reeve',
      REEVE_OIDC_CLIENT_SECRET_FILE: '/etc/secret',
      CODER_OIDC_EMAIL_DOMAIN: 'Example.com, @other.org',
      CODER_OIDC_GROUP_FIELD: 'groups',
      CODER_OIDC_GROUP_MAPPING: '{"a":"b"}',
      CODER_OIDC_ALLOWED_GROUPS: 'all of us,eng',
      CODER_OIDC_USER_ROLE_FIELD: 'duties',
      CODER_OIDC_USER_ROLE_MAPPING: '{"boss":["owner"],"audit":"auditor"}',
    })
    expect(config?.clientSecret?.reveal()).toBe('from-a-file')
    expect(config).toMatchObject({
      emailDomains: ['example.com', 'other.org'],
      allowedGroups: ['all of us', 'eng'],
      siteRoles: { field: 'duties', mapping: { boss: ['owner'], audit: ['auditor'] } },
      defaults: { groups: { field: 'groups' }, groupNames: { a: 'b' } },
    })
  })

  test('is refused with every problem by name', () => {
    const found = problems({
      HOME: '/home/dana',
      REEVE_OIDC_ISSUER_URL: 'http://id.example.com',
      REEVE_OIDC_SCOPES: 'profile',
      REEVE_OIDC_GROUP_REGEX_FILTER: '(',
      REEVE_OIDC_GROUP_MAPPING: '["a"]',
      REEVE_OIDC_ALLOWED_GROUPS: 'eng',
      REEVE_OIDC_USER_ROLE_MAPPING: '{"a":[1]}',
      REEVE_OIDC_USER_ROLE_DEFAULT: 'auditor',
      REEVE_OIDC_ORGANIZATION_MAPPING: '{"a":"not-an-id"}',
      REEVE_OIDC_AUTH_URL_PARAMS: '{"redirect_uri":"https://evil.example"}',
      REEVE_OIDC_ICON_URL: 'https://elsewhere.example/icon.png',
      REEVE_OIDC_ISSUER: 'x',
    })
    expect(Object.keys(found).toSorted()).toEqual(
      [
        'REEVE_OIDC_ALLOWED_GROUPS',
        'REEVE_OIDC_AUTH_URL_PARAMS',
        'REEVE_OIDC_GROUP_MAPPING',
        'REEVE_OIDC_GROUP_REGEX_FILTER',
        'REEVE_OIDC_ICON_URL',
        'REEVE_OIDC_ISSUER',
        'REEVE_OIDC_ISSUER_URL',
        'REEVE_OIDC_ORGANIZATION_MAPPING',
        'REEVE_OIDC_SCOPES',
        'REEVE_OIDC_USER_ROLE_DEFAULT',
        'REEVE_OIDC_USER_ROLE_MAPPING',
      ].toSorted(),
    )
    expect(found['REEVE_OIDC_AUTH_URL_PARAMS']).toContain('must not set redirect_uri')
  })

  test('proves itself with a secret or with a key, and says which file is wrong', () => {
    const keyFile = { REEVE_OIDC_CLIENT_KEY_FILE: '/etc/reeve/oidc.key' }
    expect(problems({ ...named, ...keyFile })).toEqual({
      REEVE_OIDC_CLIENT_KEY_FILE: '/etc/reeve/oidc.key has no private key in PEM form, or one with a password',
    })
    expect(problems({ ...named, ...keyFile, REEVE_OIDC_CLIENT_SECRET: 's' })['REEVE_OIDC_CLIENT_KEY_FILE']).toContain(
      'give one of the two',
    )
    expect(problems({ ...named, REEVE_OIDC_CLIENT_CERT_FILE: '/etc/reeve/oidc.pem' })).toEqual({
      REEVE_OIDC_CLIENT_CERT_FILE: 'needs REEVE_OIDC_CLIENT_KEY_FILE as well',
    })
  })

  test('has words for those who may not come in, on one line', () => {
    const name = 'REEVE_OIDC_SIGNUPS_DISABLED_TEXT'
    expect(read({ ...named, CODER_SIGNUPS_DISABLED_TEXT: 'Write to it@example.com.' })?.uninvitedText).toBe(
      'Write to it@example.com.',
    )
    expect(problems({ ...named, [name]: 'a\nb' })).toEqual({ [name]: 'must be one line of at most 500 characters' })
  })

  test('needs a client, an address to come back to, and encryption', () => {
    const { REEVE_OIDC_CLIENT_ID: _, ...noClient } = named
    expect(problems(noClient)).toEqual({ REEVE_OIDC_ISSUER_URL: 'needs REEVE_OIDC_CLIENT_ID as well' })
    expect(problems({ ...named, REEVE_ACCESS_URL: '' })['REEVE_OIDC_ISSUER_URL']).toContain('needs REEVE_ACCESS_URL')
    expect(problems({ ...named, REEVE_OIDC_ISSUER_URL: 'http://id.example.com' })['REEVE_OIDC_ISSUER_URL']).toContain(
      'without encryption',
    )
    expect(read({ ...named, REEVE_OIDC_ISSUER_URL: 'http://127.0.0.1:8080' })?.insecure).toBe(true)
    expect(problems({ HOME: '/home/dana', REEVE_OIDC_CLIENT_ID: 'reeve' })).toEqual({
      REEVE_OIDC_CLIENT_ID: 'needs REEVE_OIDC_ISSUER_URL as well',
    })
  })
})

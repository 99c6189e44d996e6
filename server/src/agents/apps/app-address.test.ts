import { expect, test } from 'vitest'
import { addressOf } from './app-address.ts'
import { appHosts } from './app-hosts.ts'

const hosts = appHosts('*.apps.example.com', 'https://reeve.example.com')
const name = { agent: 'main', workspace: 'desk', owner: 'dana' }
const app = {
  slug: 'web',
  url: 'http://localhost:3000/x?y',
  external: false,
  subdomain: true,
  hidden: false,
  command: '',
}

test('an app that is served has an address of its own, without what its template wrote into its URL', () => {
  expect(addressOf(app, name, hosts)).toEqual({
    url: 'https://web--main--desk--dana.apps.example.com',
    no_url: null,
    hidden: false,
  })
})

test.each([
  ['external', { external: true, url: 'vscode://x?token=$SESSION_TOKEN' }],
  ['command', { url: '', command: 'htop' }],
  ['elsewhere', { url: 'https://evil.example' }],
  ['elsewhere', { url: 'javascript:alert(1)' }],
  ['elsewhere', { url: '' }],
  ['no_name', { slug: 'x'.repeat(60) }],
] as const)('one that is not served says why: %s', (why, change) => {
  expect(addressOf({ ...app, ...change }, name, hosts)).toEqual({ url: null, no_url: why, hidden: false })
})

test('one without a host name of its own has a host all the same, and its pages are where its template expects them', () => {
  expect(addressOf({ ...app, subdomain: false }, name, hosts)).toEqual({
    url: 'https://web--main--desk--dana.apps.example.com/@dana/desk.main/apps/web/',
    no_url: null,
    hidden: false,
  })
})

test('without a domain for apps no app has an address', () => {
  expect(addressOf(app, name, null)).toEqual({ url: null, no_url: 'no_domain', hidden: false })
})

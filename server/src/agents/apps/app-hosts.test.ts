import { expect, test } from 'vitest'
import { appHosts, portOf } from './app-hosts.ts'

const hosts = appHosts('*.apps.example.com', 'https://reeve.example.com:8443')
const name = { app: 'web', agent: 'main', workspace: 'desk', owner: 'dana' }

test('an app has a host of its own, and its host leads back to it', () => {
  expect(hosts.originOf(name)).toBe('https://web--main--desk--dana.apps.example.com:8443')
  expect(hosts.nameOf('WEB--main--desk--dana.apps.example.com:8443')).toEqual(name)
  expect(appHosts('*.apps.localhost:3000', 'http://localhost:3000').originOf({ ...name, app: '8080' })).toBe(
    'http://8080--main--desk--dana.apps.localhost:3000',
  )
})

test.each([
  undefined,
  '',
  'apps.example.com',
  'reeve.example.com',
  'web--main--desk.apps.example.com',
  'web--main--desk--dana--more.apps.example.com',
  'a.web--main--desk--dana.apps.example.com',
  'web--main--desk--dana.apps.example.com.evil.example',
  'web--main--desk--dana.evil-apps.example.com',
  '--main--desk--dana.apps.example.com',
])('%s is the host of no app', (host) => expect(hosts.nameOf(host)).toBe(null))

test('what has two hyphens, or is too long, has no host', () => {
  expect(hosts.originOf({ ...name, workspace: 'a--b' })).toBe(null)
  expect(hosts.originOf({ ...name, workspace: 'x'.repeat(60) })).toBe(null)
})

test('nobody is sent to an address that is not one of ours', () => {
  const hostOf = (url: string) => hosts.hostOf(new URL(url))
  expect(hostOf('https://web--main--desk--dana.apps.example.com:8443/x')).toBe(
    'web--main--desk--dana.apps.example.com:8443',
  )
  expect(hostOf('http://web--main--desk--dana.apps.example.com:8443/')).toBe(null)
  expect(hostOf('https://web--main--desk--dana.apps.example.com/')).toBe(null)
  expect(hostOf('https://u@web--main--desk--dana.apps.example.com:8443/')).toBe(null)
  expect(hostOf('https://web--main--desk--dana.apps.example.com.evil.example:8443/')).toBe(null)
})

test('only plain http on the workspace itself is served', () => {
  expect(['http://localhost:3000/a?b', 'http://127.0.0.1', 'http://[::1]:8'].map(portOf)).toEqual([3000, 80, 8])
  expect(['https://localhost:3000', 'http://10.0.0.1:80', 'file:///x', ''].map(portOf)).toEqual([
    null,
    null,
    null,
    null,
  ])
})

import { expect, test } from 'vitest'
import { urlOf } from './app.ts'
import { readConfig } from './config.ts'

test.each([
  ['127.0.0.2:3000', 'http://127.0.0.2:3000'],
  ['172.17.0.1:3000', 'http://172.17.0.1:3000'],
  ['[fd00::1]:3000', 'http://[fd00::1]:3000'],
  ['reeve.internal:3000', 'http://reeve.internal:3000'],
  ['0.0.0.0:3000', 'http://localhost:3000'],
  ['[::]:3000', 'http://localhost:3000'],
  [':3000', 'http://localhost:3000'],
])('a server that listens on %s and is told no other is reached under %s', (address, url) => {
  const env = { HOME: '/home/dana', REEVE_HTTP_ADDRESS: address, REEVE_INSECURE_HTTP: 'true' }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  expect(urlOf(config, config.http.port)).toBe(url)
})

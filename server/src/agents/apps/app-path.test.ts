import { expect, test } from 'vitest'
import { beginningOf, pathInApp, prefixOf, readAppPath } from './app-path.ts'

const name = { owner: 'dana', workspace: 'desk', agent: 'main', app: 'web' }
const prefix = '/@dana/desk.main/apps/web'
const agentId = '019a0000-0000-7000-8000-00000000000a'

test('an address names an app, with the agent or without', () => {
  expect(readAppPath(`${prefix}/a/b`)).toEqual({ ...name, rest: '/a/b' })
  expect(readAppPath('/@me/desk/apps/8080')).toEqual({
    owner: 'me',
    workspace: 'desk',
    agent: null,
    app: '8080',
    rest: '',
  })
  expect(prefixOf(name)).toBe(prefix)
})

test.each([
  '/',
  '/@dana',
  '/@dana/desk.main/terminal',
  '/@dana/desk.main/apps/',
  '/@dana/desk.main/apps/..',
  '/@dana/desk.main/apps/%77eb/',
  '/@dana/desk.main/apps/web%2f..%2fother/',
  '/@dana/desk.main/apps/web:80@evil.example/',
  '/@dana/de/sk.main/apps/web/',
  '/@dana@evil.example/desk.main/apps/web/',
  '/@dana/desk.main.more/apps/web/',
  '/x/@dana/desk.main/apps/web/',
])('%s names none', (path) => expect(readAppPath(path)).toBe(null))

test.each([
  ['', prefix, '/'],
  ['', `${prefix}/`, '/'],
  ['', `${prefix}/a?b=/c`, '/a?b=/c'],
  ['', '/@Dana/desk.main/apps/web/a', '/a'],
  ['', `/@dana/desk.${agentId}/apps/web/chat`, '/chat'],
  ['/base', `${prefix}/a`, '/base/a'],
  [prefix, `${prefix}/lab?x`, `${prefix}/lab?x`],
  ['/base', '/login?next=/', '/login?next=/'],
  ['', '/@dana/desk.main/apps/other/a', '/@dana/desk.main/apps/other/a'],
  ['', '/@dana/desk/apps/web/a', '/@dana/desk/apps/web/a'],
])('with a base of "%s" %s is %s for the app', (base, target, path) =>
  expect(pathInApp({ name, agentId, base }, target)).toBe(path),
)

test('a browser is sent to where the app begins, once', () => {
  const start = `${prefix}/?folder=/home`
  const found = { start, mount: { name, agentId, base: '' } }
  for (const target of ['/', prefix, `${prefix}/`]) expect(beginningOf(found, target)).toBe(start)
  for (const target of [start, `${prefix}/a`, '/a', `${prefix}?x`]) expect(beginningOf(found, target)).toBe(null)
  expect(beginningOf({ start: '/', mount: null }, '/')).toBe(null)
  expect(beginningOf({ start: '/hello', mount: null }, '/')).toBe('/hello')
  expect(beginningOf({ start: '/hello', mount: null }, prefix)).toBe(null)
})

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Listener, openListener } from './listener.ts'
import { readStaticFiles } from './static-files.ts'
import { ask } from './testing.ts'

const script = `export const x = '${'long enough to be worth packing '.repeat(100)}'\n`
let dir: string
let listener: Listener
let url: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reeve-static-'))
  await mkdir(join(dir, 'assets'))
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Reeve</title>')
  await writeFile(join(dir, 'assets/app-1a2b.js'), script)
  const files = await readStaticFiles(dir, { https: true })
  listener = await openListener({ address: { host: '127.0.0.1', port: 0 }, tls: null, handle: files.handle })
  url = `http://127.0.0.1:${listener.port}`
})
afterAll(async () => {
  await listener.close(0, AbortSignal.abort())
  await rm(dir, { recursive: true })
})
const get = (path: string, ...headers: (readonly [string, string])[]) => ask(url, 'GET', path, { headers })

test('pages of the application are all the same file, asked for anew each time', async () => {
  for (const path of ['/', '/index.html', '/sessions/123?x=1', '/setup']) {
    const { status, headers, json } = await get(path)
    expect(status).toBe(200)
    expect(json).toContain('<title>Reeve</title>')
    expect(headers['cache-control']).toBe('no-cache')
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers['strict-transport-security']).toBe('max-age=31536000')
    expect((await get(path, ['If-None-Match', String(headers['etag'])])).status).toBe(304)
  }
})

test('hashed files may be kept for ever', async () => {
  const { headers, json } = await get('/assets/app-1a2b.js')
  expect(json).toBe(script)
  expect(headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
    vary: 'Accept-Encoding',
  })
})

test('they are packed as the browser likes it', async () => {
  const packed = async (accepted: string) => {
    const answer = await fetch(`${url}/assets/app-1a2b.js`, { headers: { 'Accept-Encoding': accepted } })
    return {
      encoding: answer.headers.get('content-encoding'),
      length: Number(answer.headers.get('content-length')),
      text: await answer.text(),
    }
  }
  for (const [accepted, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', null],
  ] as const) {
    const answer = await packed(accepted)
    expect(answer).toMatchObject({ encoding, text: script })
    if (encoding !== null) expect(answer.length).toBeLessThan(script.length / 5)
  }
})

test('what is not there is not there, and nothing leads out of the folder', async () => {
  expect((await get('/assets/app-0000.js')).status).toBe(404)
  expect((await get('/favicon.ico')).status).toBe(404)
  expect((await get('/../../etc/passwd.txt')).status).toBe(404)
  expect((await ask(url, 'POST', '/')).status).toBe(405)
})

test('without a build the server says how to make one', async () => {
  const none = await readStaticFiles(join(dir, 'nothing'), { https: false })
  expect(none.count).toBe(0)
})

import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../support/client.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, password, signIn } from './browser.ts'
import { readFirstToolCall, setUp, signInByKeyboard } from './journey.ts'

describe.skipIf(noBrowser !== null)('against the real server', () => {
  let browser: Browser
  let server: RunningServer

  beforeAll(async () => {
    browser = await launch()
    server = await startServer({ firstOwner: false })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  test('setup, the first request, and its timeline by keyboard alone', async () => {
    await using watched = await openPage(browser, server.url, { expectRefusals: true })
    const { page, trouble } = watched
    await setUp(page, '/', owner)
    await page.getByText('Waiting for the first request').waitFor()
    await page.getByRole('button', { name: 'Make a token for these lines' }).click()
    const lines = page.getByLabel('Environment variables', { exact: true })
    await expect.poll(() => lines.textContent()).toMatch(/ANTHROPIC_AUTH_TOKEN=rv_\w+/)
    const [, base, token] = /BASE_URL=(\S+)\n.*AUTH_TOKEN=(\S+)/.exec((await lines.textContent()) ?? '') ?? []
    expect(base).toBe(`${server.url}/api/v2/aibridge/scripted`)

    await askModel(base!, token!)
    await page.getByText('Received from').waitFor({ timeout: 60_000 })
    await page.waitForURL('**/sessions/*')
    await page.getByText('List the files here').first().waitFor()

    await page.context().clearCookies()
    await page.goto('/sessions')
    await signInByKeyboard(page, owner)
    expect(await readFirstToolCall(page)).toContain('tool call')
    expect(await accessibilityProblems(page)).toEqual([])
    const requests = page.getByRole('link', { name: 'open request' }).first()
    await requests.click()
    await page.getByRole('heading', { name: 'Timings' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the request' }).click(),
    ])
    expect(await download.failure()).toBeNull()
    expect(trouble).toEqual([])
  })

  test('a user admin and the holder of a custom role find their pages, and no others', async () => {
    await using watched = await openPage(browser, server.url, { expectRefusals: true })
    const { page } = watched
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.locator('tbody a').first().waitFor()
    const post = (path: string, body: object) =>
      page.evaluate(
        async ([to, text]) => {
          const headers = { 'Content-Type': 'application/json' }
          return (await fetch(to!, { method: 'POST', headers, body: text! })).status
        },
        [path, JSON.stringify(body)],
      )
    const site_permissions = [{ resource_type: 'audit_log', action: 'read' }]
    expect(await post('/api/v2/users/roles', { name: 'archivist', site_permissions })).toBe(201)
    const everybodys = [
      '/sessions',
      '/requests',
      '/usage',
      '/network',
      '/access-requests',
      '/tasks',
      '/workspaces',
      '/templates',
      '/inbox',
      '/tokens',
      '/me',
    ]
    const pagesOf: Record<string, readonly string[]> = {
      'user-admin': ['/people', '/service-accounts', '/groups', '/organizations', '/roles'],
      archivist: ['/audit', '/audit/sinks', '/holds', '/retention'],
    }
    for (const role of Object.keys(pagesOf)) {
      const account = { username: role, email: `${role}@example.com`, password, login_type: 'password' }
      expect(await post('/api/v2/users', { ...account, roles: [role] }), role).toBe(201)
    }
    for (const [role, theirs] of Object.entries(pagesOf)) {
      await page.context().clearCookies()
      await signIn(page, `${role}@example.com`)
      await page.goto('/me')
      const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
      await links.first().waitFor()
      expect(await links.evaluateAll((all) => all.map((link) => link.getAttribute('href'))), role).toEqual([
        ...everybodys,
        ...theirs,
      ])
      for (const path of theirs) {
        await page.goto(path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('networkidle').catch(() => undefined)
        expect(await page.getByRole('alert').count(), `${role} at ${path}`).toBe(0)
      }
    }
  })

  test('the first load of a list takes at most 12 requests and 300 kB, the first JavaScript 160 kB', async () => {
    await using watched = await openPage(browser, server.url, { expectRefusals: true })
    const { page } = watched
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.locator('tbody a').first().waitFor()

    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
    const received = new Map<string, number>()
    const urls = new Map<string, string>()
    session.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url))
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      received.set(requestId, encodedDataLength),
    )
    await page.goto('/sessions')
    await page.locator('tbody a').first().waitFor()
    await page.evaluate(() => document.fonts.ready)
    await expect.poll(() => [...urls.values()].filter((url) => url.endsWith('.woff2')).length).toBeGreaterThan(0)
    const total = [...received.values()].reduce((sum, bytes) => sum + bytes, 0)
    console.log(`first load of /sessions: ${Math.round(total / 1024)} kB in ${received.size} requests`)
    expect(total).toBeLessThan(300 * 1024)
    // The watch stream stays open and is none of them.
    const asked = [...received.keys()].map((id) => urls.get(id))
    expect(asked.length, asked.join('\n')).toBeLessThanOrEqual(12)

    const html = (await ask(`${server.url}/sessions`, { method: 'GET', headers: [] })).body.toString()
    const scripts = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path!))
    let initial = 0
    for (const path of scripts) {
      initial += gzipSync((await ask(server.url + path, { method: 'GET', headers: [] })).body, { level: 9 }).length
    }
    console.log(`initial JavaScript: ${Math.round(initial / 1024)} kB gzip in ${scripts.size} files`)
    expect(initial).toBeLessThan(160 * 1024)
  })
})

/** One turn of an agent with a tool: what a client sends, and the answer read to its end. */
async function askModel(base: string, token: string): Promise<void> {
  const tools = [
    {
      name: 'Bash',
      description: 'Runs a command',
      input_schema: { type: 'object', properties: { command: { type: 'string' } } },
    },
  ]
  const answer = await ask(`${base}/v1/messages`, {
    method: 'POST',
    headers: [
      ['Authorization', `Bearer ${token}`],
      ['Content-Type', 'application/json'],
      ['anthropic-version', '2023-06-01'],
    ],
    body: JSON.stringify({
      model: 'claude-opus-4-8',
      max_tokens: 512,
      stream: true,
      tools,
      messages: [{ role: 'user', content: 'List the files here' }],
    }),
  })
  if (answer.status !== 200) throw new Error(`the bridge answered ${answer.status}: ${answer.body.toString()}`)
}

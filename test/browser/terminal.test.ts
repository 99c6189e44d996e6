import type { Browser, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMock } from '../../dashboard/mock-api/server.ts'
import { workspacesOf } from '../../dashboard/mock-api/workspace-handlers.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('the terminal of a workspace', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  test('keys go there, what is shown is seen, a link leads nowhere, and its end is told', async () => {
    await using mock = await startMock()
    const { workspace } = workspacesOf(mock).find((one) => one.workspace.name === 'billing')!
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    const typed: string[] = []
    const far = Promise.withResolvers<WebSocketRoute>()
    await page.routeWebSocket(/\/workspaceagents\/.*\/pty\?/, (socket) => {
      socket.onMessage((message) => typed.push(JSON.parse(String(message)).data ?? ''))
      far.resolve(socket)
    })
    await signIn(page)
    await page.goto(`/workspaces/${workspace.id}`)
    await page.getByRole('link', { name: 'Terminal' }).click()
    const socket = await far.promise
    expect(socket.url()).toMatch(/reconnect=[0-9a-f-]{36}&height=\d+&width=\d+/)
    socket.send(
      Buffer.from('ready \u001b]8;;https://evil.example\u0007a link\u001b]8;;\u0007 \u001b]52;c;aGVsbG8=\u0007$ '),
    )
    await page.getByText('ready a link').first().waitFor()
    await page.keyboard.type('ls')
    await expect.poll(() => typed.join('')).toContain('ls')
    await page.locator('.xterm-screen').click({ position: { x: 60, y: 8 } })
    socket.close({ code: 1000, reason: 'exited with code 0' })
    await page.getByText('The terminal is closed: exited with code 0').waitFor()
    expect(page.context().pages()).toHaveLength(1)
    expect(trouble).toEqual([])
  })
})

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { launch, noBrowser, openPage } from './browser.ts'
import { signInByKeyboard } from './journey.ts'
import { choose, dialogCloses, dialogOpens, fill, nothingForAxe, press, reach } from './keys.ts'

/** Rules about models and tools by keyboard alone, and what a real server makes of them. */
describe.skipIf(noBrowser !== null)('models and tools', () => {
  let browser: Browser
  let server: RunningServer
  let token: string
  const rules = '/api/v2/organizations/default/ai-rules'

  beforeAll(async () => {
    browser = await launch()
    server = await startServer()
    token = await server.gatewayToken()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function askScripted(): Promise<number> {
    const answer = await fetch(`${server.url}/api/v2/aibridge/scripted/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': token, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'scripted-1', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] }),
    })
    await answer.arrayBuffer()
    return answer.status
  }

  test('of an organization: tried on the last month, set, refused, overtaken by somebody else and taken away', async () => {
    await using watched = await openPage(browser, server.url, { colorScheme: 'dark', expectRefusals: true })
    const { page, trouble } = watched
    const section = page.getByRole('region', { name: 'Models and tools' })
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    expect(await askScripted()).toBe(200)
    // It is counted with the record, which follows the answer.
    const counted = async () => (await server.api('GET', '/api/v2/usage')).json.total.requests
    await expect.poll(counted).toBe(1)
    const { id } = (await server.api('GET', '/api/v2/organizations/default')).json
    await page.goto(`/organizations/${id}`)
    await section.getByText('There are no rules').waitFor()

    await press(page, 'Set rules')
    await dialogOpens(page, 'Models and tools')
    await nothingForAxe(page, 'setting rules')
    await choose(page, 'Models that may be asked', 'only')
    await page.getByText('so that none is allowed').waitFor()
    await nothingForAxe(page, 'an empty list')
    await fill(page, 'These models', 'claude-*')
    await press(page, 'What would this deny?')
    await page.getByText('1 of 1 models that were asked in the last 30 days, with 1 request:').waitFor()
    await page.getByRole('cell', { name: 'scripted/scripted-1' }).waitFor()
    await reach(page, 'What would this deny?')
    await nothingForAxe(page, 'what would be denied')

    await fill(page, 'Tools that are denied', 'x'.repeat(201))
    await press(page, 'Save')
    await page.getByText(/^x{201}: /).waitFor()
    await nothingForAxe(page, 'a refused pattern')
    await fill(page, 'Tools that are denied', 'Bash mcp__*')
    await fill(page, 'Whom to ask', 'the platform team')
    await press(page, 'Save')
    await dialogCloses(page)
    await section.getByText('mcp__*').waitFor()
    await nothingForAxe(page, 'rules that are set')
    expect(await askScripted()).toBe(403)
    expect((await server.api('GET', rules)).json).toMatchObject({
      models: ['claude-*'],
      tools_allowed: null,
      tools_denied: ['Bash', 'mcp__*'],
      contact: 'the platform team',
      version: 1,
    })

    await press(page, 'Change the rules')
    await dialogOpens(page, 'Models and tools')
    const content = { models: ['scripted-*'], tools_allowed: null, tools_denied: [], contact: '' }
    expect((await server.api('PUT', rules, content)).status).toBe(200)
    await choose(page, 'Models that may be asked', 'any')
    await press(page, 'Save')
    await page.getByText(/^Somebody has changed these rules/i).waitFor()
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    await section.getByText('scripted-*').waitFor()
    expect(await askScripted()).toBe(200)

    await press(page, 'Take the rules away')
    await dialogOpens(page, 'Take the rules away')
    await nothingForAxe(page, 'taking rules away')
    await press(page, 'Take away')
    await dialogCloses(page)
    await section.getByText('There are no rules').waitFor()
    expect(trouble).toEqual([])
  })

  test('of a group: its members are narrowed, and the log leads back to it', async () => {
    const group = (await server.api('POST', '/api/v2/organizations/default/groups', { name: 'interns' })).json
    await server.api('PATCH', `/api/v2/groups/${group.id}`, { add_users: ['dana'] })
    await using watched = await openPage(browser, server.url, { colorScheme: 'light', expectRefusals: true })
    const { page, trouble } = watched
    const section = page.getByRole('region', { name: 'Models and tools' })
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    await page.goto(`/groups/${group.id}`)
    await section.getByText('It has no rules of its own').waitFor()
    await press(page, 'Set rules')
    await dialogOpens(page, 'Models and tools')
    await choose(page, 'Models that may be asked', 'only')
    await fill(page, 'These models', 'claude-haiku-*')
    await choose(page, 'Tools that may be called', 'only')
    await fill(page, 'These tools', 'Read Grep')
    await nothingForAxe(page, 'both lists')
    await press(page, 'Save')
    await dialogCloses(page)
    await section.getByText('Grep').waitFor()
    await nothingForAxe(page, 'rules of a group')
    expect(await askScripted()).toBe(403)

    await press(page, 'What holds for somebody?')
    await dialogOpens(page, 'What holds for somebody')
    await fill(page, 'Provider', 'scripted')
    await fill(page, 'Model', 'claude-haiku-5')
    await fill(page, 'Tool', 'Bash')
    await page.keyboard.press('Enter')
    await page.getByText('Denied: the tool Bash, by the tools of group interns').waitFor()
    await page.getByText('Allowed: the model claude-haiku-5').waitFor()
    await nothingForAxe(page, 'what holds for somebody')
    await page.keyboard.press('Escape')
    await dialogCloses(page)

    await page.goto('/audit')
    await page.getByText('ai rules group interns').first().click()
    await page.getByRole('link', { name: 'ai rules group interns' }).click()
    await page.waitForURL(`**/groups/${group.id}`)
    expect(trouble).toEqual([])
  })
})

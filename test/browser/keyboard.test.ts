import { systemClock } from '@reeve/base'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, password, signIn } from './browser.ts'
import { nothingForAxe, press, reach } from './keys.ts'
import { readFirstToolCall, setUp, signInByKeyboard } from './journey.ts'

const dana = { username: 'dana', email: 'dana@example.com', password }

describe.skipIf(noBrowser !== null)('without a mouse', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { events: 400 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  test('somebody who is not signed in gets from a link to a tool call in a timeline', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/sessions?q=status:done&from=-30d')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signInByKeyboard(page, dana)
    await page.locator('tbody a').first().waitFor()
    expect(new URL(page.url()).search).toBe('?q=status:done&from=-30d')
    expect(await readFirstToolCall(page)).toContain('tool call Read')
    await page.getByText('"file_path"').waitFor()
    expect(trouble).toEqual([])
  })

  test('an expired sign-in asks again and comes back to the same view', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/requests?q=outcome:ok')
    await page.locator('tbody a').first().waitFor()
    await page.context().clearCookies()
    await page.keyboard.press('g')
    await page.keyboard.press('k')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signInByKeyboard(page, dana)
    await page.getByRole('heading', { name: 'My tokens' }).waitFor()
  })

  test('the first owner is made, told every problem by name, and shown how to connect an agent', async () => {
    const world = seedWorld(systemClock.now(), { sessions: 5, events: 40 })
    world.users.splice(0)
    world.sessions.splice(0)
    world.setupOpen = true
    await using empty = await startMock({ world })
    await using watched = await openPage(browser, empty.url, { expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/')
    await page.getByRole('heading', { name: 'Create the first owner' }).waitFor()
    await page.getByRole('button', { name: 'Create the owner and sign in' }).click()
    await page.getByText('letters, digits and single hyphens between them').waitFor()
    expect(
      await page.locator('[aria-invalid=true]').evaluateAll((all) => all.map((one) => one.getAttribute('name'))),
    ).toEqual(['username', 'email', 'password'])
    await page.getByRole('button', { name: 'Suggest a strong passphrase' }).click()
    expect(await page.locator('input[name=password]').inputValue()).toMatch(/^(?:[a-z]{6}-){3}[a-z]{6}$/)
    await setUp(page, '/setup?t=token-of-the-link', { ...dana, username: 'first' })
    await page.getByText('Waiting for the first request').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.getByText('No agent has talked through Reeve yet').waitFor()
    expect(trouble).toEqual([])
  })

  test('single keys stay out of fields, and can be turned off', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.locator('tbody a').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('gr?jz')
    expect(await page.getByRole('combobox').inputValue()).toBe('gr?jz')
    expect(new URL(page.url()).pathname).toBe('/sessions')
    await page.getByRole('button', { name: 'Clear the query' }).click()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByLabel('Single-key shortcuts are on').uncheck()
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.keyboard.press('?')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    expect(new URL(page.url()).pathname).toBe('/sessions')
  })

  test('a pasted id opens what it is the id of', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/tokens')
    await page.getByRole('heading', { name: 'My tokens' }).waitFor()
    const request = mock.world.sessions[0]!.interceptions[0]!.id
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill(request)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/requests/${request}`)
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await page
      .getByRole('dialog')
      .getByRole('combobox')
      .fill(request.replaceAll(/.$/g, request.endsWith('0') ? '1' : '0'))
    await page.keyboard.press('Enter')
    await page.getByText('There is no session and no request with this id').waitFor()
  })

  test('what claims become is tried before it is saved, and what the test login showed is read', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sign-in')
    await page.getByRole('form', { name: 'Organizations' }).waitFor()
    await nothingForAxe(page, 'sign-in settings')
    await press(page, 'Try it')
    await page.getByRole('link', { name: 'Open the test login' }).waitFor()
    await page.getByText('the filter of the groups leaves it out').waitFor()
    await nothingForAxe(page, 'a test login')
    await reach(page, 'Open the test login', true)
    expect(trouble).toEqual([])
  })

  test('a walk by keyboard ends where the focus cannot be seen', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/tokens')
    await reach(page, 'Create a token')
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync('* { outline: none !important }')
      document.adoptedStyleSheets.push(sheet)
    })
    await expect(reach(page, 'Create a token')).rejects.toThrow('is seen')
    await expect(reach(page, 'No such button')).rejects.toThrow('is not reached')
  })
})

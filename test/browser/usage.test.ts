import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'
import { dialogCloses, dialogOpens, goTo, nothingForAxe, press, reach } from './keys.ts'

describe.skipIf(noBrowser !== null)('usage', () => {
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

  const search = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams)
  const chosen = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('aria-checked'))

  test('period, grouping and form are chosen by keyboard and stand in the address', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    await goTo(page, 't', 'Usage')
    await page.getByRole('img', { name: /^Tokens by day: 30 days/ }).waitFor()

    await press(page, /^Period: Last 30 days/)
    expect(await chosen(page)).toBe('true')
    await page.keyboard.type('f')
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Period')
    await nothingForAxe(page, 'choosing days')
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    await reach(page, /^Period/)

    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await expect.poll(() => search(page)).toEqual({ from: '-7d' })
    await page.getByRole('img', { name: /^Tokens by day: 7 days/ }).waitFor()

    await press(page, 'As a table')
    await page.getByRole('table', { name: 'Usage by day, newest first' }).waitFor()
    await press(page, /^By: Person/)
    await page.keyboard.type('g')
    await page.keyboard.press('Enter')
    await page.getByText('counted in each of them').waitFor()
    await nothingForAxe(page, 'a table by group')
    expect(search(page)).toEqual({ from: '-7d', view: 'table', by: 'group' })
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    expect(href).toMatch(/^\/api\/v2\/usage\/csv\?from=\d{4}-\d\d-\d\d&zone=[^&]+&group_by=group$/)

    await page.reload()
    await page.getByRole('table', { name: 'Usage by group' }).waitFor()
    expect(search(page)).toEqual({ from: '-7d', view: 'table', by: 'group' })
    expect(trouble).toEqual([])
  })

  test('the four classes on screen add up to the total on screen', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/usage')
    const sum = await page.getByText(/ = [\d,]+ tokens$/).textContent()
    const [parts = '', whole = ''] = (sum ?? '').split(' = ')
    const number = (text: string) => Number(text.replaceAll(/\D/g, ''))
    expect(number(whole)).toBeGreaterThan(0)
    expect(
      parts
        .split(' + ')
        .map(number)
        .reduce((all, one) => all + one, 0),
    ).toBe(number(whole))
  })

  test('when usage cannot be read, the page says so and tries again', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    mock.failing = '/api/v2/usage'
    await page.goto('/usage')
    await page.getByText('The usage could not be read').waitFor({ timeout: 60_000 })
    mock.failing = null
    await press(page, 'Retry')
    await page.getByText('All tokens').first().waitFor()
  })
})

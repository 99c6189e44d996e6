import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('what is on screen is in the address', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { sessions: 460, events: 60 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  /** What of a page must be the same for somebody who is sent its address. */
  const seen = (page: Page) =>
    page.evaluate(() => ({
      rows: [...document.querySelectorAll('tbody tr:not(.spacer)')].slice(0, 20).map((row) => row.textContent),
      query: [...document.querySelectorAll('input')].map((input) =>
        input.type === 'checkbox' ? String(input.checked) : input.value,
      ),
      controls: [...document.querySelectorAll('main button')].map((button) => button.textContent),
    }))

  async function opensTheSame(page: Page): Promise<void> {
    await using fresh = await openPage(browser, mock.url)
    await signIn(fresh.page)
    await fresh.page.goto(page.url())
    // Rows of the query before may stand until those of this one are there, on the first page too.
    await vi.waitFor(async () => expect(await seen(fresh.page)).toEqual(await seen(page)), { timeout: 60_000 })
  }

  test('filters by menu, by typing and by range survive the round trip, and relative ranges stay relative', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.locator('tbody a').first().waitFor()
    await page.getByRole('button', { name: 'Filter by status' }).click()
    await page.getByRole('menuitemradio', { name: 'done' }).click()
    await page.getByRole('button', { name: 'Filter by client' }).click()
    await page.getByRole('menuitemradio', { name: 'Claude Code', exact: true }).click()
    await page.getByRole('button', { name: 'Time range' }).click()
    await page.getByRole('menuitemradio', { name: 'Last 30 days' }).click()
    await page.getByRole('combobox').click()
    await page.keyboard.type('init')
    await page.getByRole('option', { name: 'initiator' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.type('dana billing')
    await page.getByRole('button', { name: 'Time zone' }).click()
    const address = '/sessions?q=status:done+client:"Claude+Code"+initiator:dana+billing&from=-30d&tz=utc'
    await expect
      .poll(() => decodeURI(page.url().replace(mock.url, '')))
      .toSatisfy((at: string) => sameQuery(at, address))
    await page.getByText('billing').first().waitFor()
    await opensTheSame(page)
    expect(mock.asked.some((path) => /started_after/.test(decodeURIComponent(path)))).toBe(true)
    expect(trouble).toEqual([])
  })

  test('a query that is not understood says so and keeps the rows', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.locator('tbody a').first().waitFor()
    await page.getByRole('combobox').fill('colour:red')
    await page.getByText('unknown key "colour"').waitFor()
    expect(await page.locator('tbody a').count()).toBeGreaterThan(10)
  })

  test('a filter that leaves nothing offers each of its parts to drop', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/sessions?q=status:done+zzz')
    await page.getByRole('button', { name: 'Drop “zzz”' }).click()
    await page.locator('tbody a').first().waitFor()
    expect(new URL(page.url()).searchParams.get('q')).toBe('status:done')
  })

  test('a long list keeps its document small, and its rows are links', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.locator('tbody a').first().waitFor()
    for (const shown of ['200 of', '300 of', '400 of']) {
      await page.getByRole('button', { name: 'Load more' }).click()
      await page.getByText(shown).waitFor()
    }
    await page.evaluate(() => document.getElementById('main')?.scrollTo({ top: 6000 }))
    const firstRow = () =>
      page.evaluate(() => Number(document.querySelector('tbody tr[data-index]')?.getAttribute('data-index')))
    await expect.poll(firstRow).toBeGreaterThan(100)
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(1500)
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement
        const row = Number(at?.closest('tr')?.getAttribute('data-index') ?? -1)
        return { row, href: at?.getAttribute('href'), top: Math.round(at?.getBoundingClientRect().top ?? 0) }
      })
    await page.locator('tbody a').nth(5).focus()
    const { row: first } = await focused()
    expect(first).toBeGreaterThan(100)
    for (let step = 0; step < 40; step++) await page.keyboard.press('j')
    await expect.poll(async () => (await focused()).row).toBe(first + 40)
    const left = await focused()
    expect(left.href).toMatch(/^\/sessions\//)
    const scrollTop = () => page.evaluate(() => document.getElementById('main')?.scrollTop ?? 0)
    const asked = mock.asked.length
    await page.keyboard.press('Enter')
    await page.getByRole('feed').waitFor()
    await expect.poll(scrollTop).toBe(0)
    await page.goBack()
    await expect.poll(scrollTop).toBeGreaterThan(4000)
    await expect.poll(focused).toEqual(left)
    expect(mock.asked.slice(asked).filter((path) => path.startsWith('/api/v2/aibridge/sessions?'))).toEqual([])
  })

  test('lanes, search and the event with the focus are in the address of a timeline', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    const agents = mock.world.sessions.at(-2)!.session.id
    await page.goto(`/sessions/${agents}`)
    await page.getByRole('feed').waitFor()
    await page.getByRole('checkbox', { name: 'thinking' }).uncheck()
    await page.getByRole('searchbox').fill('rate table')
    await page.getByText(/^\d+ matches/).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(/^1 of \d+ matches/).waitFor()
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBeTruthy()
    const { searchParams } = new URL(page.url())
    expect(searchParams.get('hide')).toBe('thinking')
    expect(searchParams.get('q')).toBe('rate table')
    const focused = () => page.evaluate(() => document.activeElement?.closest('article')?.getAttribute('data-id'))
    await expect.poll(focused).toBe(searchParams.get('at'))
    await page.reload()
    await expect.poll(focused).toBe(searchParams.get('at'))
    await opensTheSame(page)
  })
})

/** The same filters in whatever order. */
function sameQuery(one: string, other: string): boolean {
  const parts = (path: string) => {
    const { searchParams } = new URL(path, 'http://x')
    return [...searchParams].map(([name, value]) => `${name}=${value.split(' ').sort().join(' ')}`).sort()
  }
  return JSON.stringify(parts(one)) === JSON.stringify(parts(other))
}

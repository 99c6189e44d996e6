import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'
import { nothingForAxe, press } from './keys.ts'

/** What a boundary decided, among the prompts and tool calls of a session, by keyboard alone. */
describe.skipIf(noBrowser !== null)('decisions in a timeline', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { sessions: 6, events: 40 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  const attribute = (page: Page, name: string) =>
    page.evaluate((of) => document.activeElement?.closest('article')?.getAttribute(of) ?? '', name)
  const here = (page: Page) => attribute(page, 'aria-label')

  /** Goes down the feed with j to what a screen reader would call so. */
  async function goDownTo(page: Page, name: RegExp): Promise<void> {
    for (let steps = 0; steps < 120; steps++) {
      if (name.test(await here(page))) return
      const before = await attribute(page, 'data-id')
      await page.keyboard.press('j')
      await expect.poll(() => attribute(page, 'data-id')).not.toBe(before)
    }
    throw new Error(`${String(name)} is not in the feed`)
  }
  const names = (page: Page) =>
    page.getByRole('article').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''))

  test.each(['light', 'dark'] as const)(
    'runs of allowed ones open, denied ones are always in sight and each leads to its tool call, in the %s theme',
    async (colorScheme) => {
      await using watched = await openPage(browser, mock.url, { colorScheme })
      const { page, trouble } = watched
      await signIn(page)
      const before = mock.asked.length
      await page.goto(`/sessions/${mock.world.sessions.at(-2)!.session.id}`)
      await page.getByRole('feed').waitFor()
      // What was done to its workspace stands around it.
      await expect.poll(() => names(page)).toContainEqual(expect.stringMatching(/^workspace start, billing #3/))
      await goDownTo(page, /^boundary allowed, 12 decisions .*npm\.mirror\.corp/)
      expect(mock.asked.slice(before).filter((path) => path.startsWith('/api/v2/boundaries/events'))).toEqual([])
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'open in Network' }).waitFor()
      await page.locator('article li').nth(6).waitFor()
      await nothingForAxe(page, 'an open run')
      expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThanOrEqual(1_500)
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'open in Network' }).waitFor({ state: 'detached' })

      await goDownTo(page, /^boundary denied, POST https:\/\/telemetry/)
      await page.keyboard.press('Enter')
      await page.getByText('no rule allows it').waitFor()
      await nothingForAxe(page, 'an open denial')
      await page.getByRole('checkbox', { name: /^boundary/ }).uncheck()
      await expect
        .poll(async () => (await names(page)).filter((name) => name.startsWith('boundary')))
        .toEqual([expect.stringMatching(/^boundary denied/)])
      await page.getByRole('checkbox', { name: /^boundary/ }).check()

      // The address has the event with the focus.
      await page.reload()
      await expect.poll(() => here(page)).toMatch(/^boundary denied/)
      await press(page, /^Bash/)
      await expect.poll(() => here(page)).toMatch(/^tool call Bash/)
      await goDownTo(page, /^boundary denied/)
      await page.keyboard.press('Enter')
      await press(page, /^open decision/)
      await page.waitForURL(/\/network\?/)
      await page.getByRole('dialog', { name: 'Decision' }).waitFor()
      expect(new URL(page.url()).searchParams.get('q')).toMatch(/^session:/)
      expect(trouble).toEqual([])
    },
  )

  test('hosts and command lines of somebody who means no good are shown as text, and a session without a boundary has no lane for one', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/sessions/${mock.world.sessions.at(-3)!.session.id}`)
    await page.getByRole('checkbox', { name: /^boundary/ }).waitFor()
    await goDownTo(page, /^boundary denied/)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'open decision' }).waitFor()
    await page.goto(`/sessions/${mock.world.sessions.at(-1)!.session.id}`)
    await page.getByRole('checkbox', { name: /^system/ }).waitFor()
    expect(await page.getByRole('checkbox', { name: /^boundary/ }).count()).toBe(0)
    expect(trouble).toEqual([])
  })
})

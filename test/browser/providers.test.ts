import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, problemsInBothThemes, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('the page of providers', () => {
  let browser: Browser
  let mock: MockDeployment
  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({})
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  test('says of each provider what each gateway has found out about its keys and models', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/providers')
    const card = page.getByRole('article', { name: 'corp' })
    const told = card.getByRole('region', { name: 'Now, as each gateway finds it' })
    const [first, second] = [told.locator('> ul > li').nth(0), told.locator('> ul > li').nth(1)]
    await first.getByText('models-1 (process 1)').waitFor()
    const words = await first.innerText()
    expect(words).toMatch(/1 request in flight\s+as of /)
    expect(words).toMatch(/Key sk-a\.\.\.1111\s+limited\s+used /)
    expect(words).toMatch(/limited with gpt-5\.5 \(the provider answered 429 and until when\): not asked with until /)
    expect(words).toMatch(/busy with gpt <script>.* \(the provider answered 429\): the other keys go first until /)
    expect(words).toMatch(
      /refused with requests that name no model \(the provider answered 401, .*\): not tried again until /,
    )
    expect(words).toMatch(/Key f3a91c0de5b7a2c4 \(only this gateway has it\)\s+usable\s+not used since/)
    expect(words).toMatch(/Model o5-mini\s+left alone\s+until .*, because it failed again and again \(breaker open\)/)
    expect(words).toMatch(/Model gpt <script>.*\s+being tried\s+with a few requests, .* \(breaker half open\)/)
    expect(words).toContain('12 more lines like these are left out')
    expect(await second.innerText()).toMatch(/models-1 \(process 2\)\s+0 requests in flight\s/)
    await told.getByText('A key rests with each model by itself').waitFor()

    const spare = page.getByRole('article', { name: 'spare' })
    await spare.getByText('It says nothing of this provider').waitFor()
    expect(await page.getByText('A key rests with each model by itself').count()).toBe(1)

    expect(await problemsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    const width = () => page.locator('#main').evaluate((main) => main.scrollWidth - main.clientWidth)
    await expect.poll(width, { timeout: 60_000 }).toBeLessThanOrEqual(0)
    expect(trouble).toEqual([])
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, problemsInBothThemes, signIn } from './browser.ts'
import { press } from './keys.ts'

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
    const gateways = told.locator('details ul:has(h4) > li')
    const [first, second] = [gateways.nth(0), gateways.nth(1)]
    await told.getByText('Each gateway of corp').waitFor()
    expect(await first.isVisible()).toBe(false)
    await press(page, 'Each gateway of corp')
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
    await spare.getByText('Each gateway of spare').click()
    await spare.getByText('It says nothing of this provider').waitFor()

    expect(await problemsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    const width = () => page.locator('#main').evaluate((main) => main.scrollWidth - main.clientWidth)
    await expect.poll(width, { timeout: 60_000 }).toBeLessThanOrEqual(0)
    expect(trouble).toEqual([])
  })

  test('says of many gateways in a few lines what rests at which of them, and of one in full', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/providers')
    const toldOf = (name: string) =>
      page.getByRole('article', { name }).getByRole('region', { name: 'Now, as each gateway finds it' })
    const many = toldOf('bedrock')
    await many.getByText('24 gateways', { exact: true }).waitFor()
    const words = (await many.innerText()).replaceAll(/\s+/g, ' ')
    expect(words).toMatch(
      /24 gateways 216 requests in flight Key AKIA\.\.\.3333 limited at 2 of 24 gateways Model claude-0 /,
    )
    expect(words).toContain(
      'Model claude-6 left alone at fleet-3 (process 2) 2 more keys and models below, 2 lines left',
    )
    expect(words).not.toContain('claude-7')
    expect(words).not.toContain('nothing rests')
    const height = () => many.evaluate((region) => region.getBoundingClientRect().height)
    expect(await height()).toBeLessThan(400)
    await many.getByText('Each gateway of bedrock').click()
    await many.getByText('fleet-6 (process 4)').waitFor()
    expect(await height()).toBeGreaterThan(1_000)
    await many.getByText('A key rests with each model by itself').waitFor()

    expect((await toldOf('corp').innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /2 gateways 1 request in flight Key sk-a\.\.\.1111 limited at models-1 \(process 1\) Key sk-b\.\.\.2222 busy at /,
    )
    await toldOf('anthropic').getByText('nothing rests').waitFor()
    expect(await toldOf('spare').innerText()).toContain('1 says nothing of this provider')
    const alone = toldOf('local')
    await alone.getByText('models-1 (process 1)').waitFor()
    expect(await alone.locator('summary').count()).toBe(0)

    expect(await problemsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    const width = () => page.locator('#main').evaluate((main) => main.scrollWidth - main.clientWidth)
    await expect.poll(width, { timeout: 60_000 }).toBeLessThanOrEqual(0)
    expect(trouble).toEqual([])
  })
})

import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'
import { dialogCloses, dialogOpens, goTo, nothingForAxe, press } from './keys.ts'

describe.skipIf(noBrowser !== null)('licences', () => {
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

  const banner = (page: Page) => page.getByRole('complementary', { name: 'Licences' })

  test('the meter, the months and each build with its reason are there, chosen by keyboard and kept in the address', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    await goTo(page, 'c', 'Licences')
    await page.getByRole('img', { name: '144 of 1,500 are used' }).waitFor()
    expect(
      await page
        .getByRole('list', { name: /by month/ })
        .getByRole('listitem')
        .count(),
    ).toBe(12)
    await page.getByRole('cell', { name: 'A task was resumed' }).first().waitFor()
    expect(await banner(page).count()).toBe(0)

    await press(page, 'Show: Counted')
    await page.keyboard.type('n')
    await page.keyboard.press('Enter')
    await page
      .getByRole('cell', { name: /a workspace of a person/ })
      .first()
      .waitFor()
    expect(new URL(page.url()).search).toBe('?counted=no')
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    expect(href).toBe('/api/v2/agent-workspace-builds/csv?counted=no')
    await nothingForAxe(page, 'what did not count')
    expect(trouble).toEqual([])
  })

  test('a licence is refused with the reason, added, and warned of above every page when it is used up', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/licenses')
    await page.getByText('It was changed after it was signed').waitFor()
    await press(page, 'Add a licence')
    await dialogOpens(page, 'Add a licence')
    await page.keyboard.type('hello')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('cannot be read as one', { exact: true }).waitFor()
    await nothingForAxe(page, 'a refused licence')
    await page.getByRole('textbox', { name: 'Licence' }).fill('eyJ.a.b')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await dialogCloses(page)

    await banner(page).getByText('144 Agent Workspace Builds are used of the 100').waitFor()
    await page.getByRole('img', { name: /which is all/ }).waitFor()
    await nothingForAxe(page, 'with the banner')
    await page.goto('/requests')
    await banner(page).getByRole('link', { name: 'Licences' }).click()
    await page.getByRole('heading', { name: 'Licences', level: 1 }).waitFor()

    await page.getByRole('button', { name: 'Remove licence 4' }).click()
    await dialogOpens(page, 'Remove licence 4')
    await page.keyboard.type('licence 4')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await banner(page).waitFor({ state: 'detached' })
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { mailedCode } from '../../dashboard/mock-api/sign-in-handlers.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('ways in', () => {
  let browser: Browser
  let mock: MockDeployment
  beforeAll(async () => {
    browser = await launch()
    mock = await startMock()
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  const press = async (page: Page, ...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')

  test('a program is approved by keyboard alone, after its code, its machine and a warning were shown', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark', expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/device')
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT')
    await page.keyboard.type('wrong')
    await press(page, 'Enter')
    await page.getByRole('alert').getByText('No sign-in waits under this code').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.goto('/device?code=wdjb-mjht')
    await page.getByText('WDJB-MJHT').waitFor()
    await page.getByText('build-7.example').waitFor()
    await page.getByText('in another network than this browser').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    for (let i = 0; i < 10 && (await focused(page)) !== 'Approve'; i++) await press(page, 'Tab')
    await press(page, 'Enter')
    await page.getByRole('status').getByText('Approved').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('whoever is not signed in comes back to the code afterwards', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await page.goto('/device?code=WDJB-MJHT')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(new URL(page.url()).searchParams.get('to')).toBe('/device?code=WDJB-MJHT')
  })

  test('a forgotten password: asked for, set from the link of the mail, and its code leaves the address', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    await page.getByRole('link', { name: 'Forgot the password?' }).click()
    // The page before has a field of that name, too, and stays until this one is there.
    await page.getByRole('heading', { name: 'Forgot the password' }).waitFor()
    await page.getByLabel('E-mail').fill('ava@example.com')
    await press(page, 'Enter')
    await page.getByText('a mail with a link is on its way').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.goto(`/reset-password#email=ava%40example.com&code=${mailedCode}`)
    expect(await page.getByLabel('Code').inputValue()).toBe(mailedCode)
    expect(new URL(page.url()).hash).toBe('')
    await page.getByRole('textbox', { name: 'Password' }).fill('Password123!')
    await press(page, 'Enter')
    await page.getByText('one of those that are guessed first').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByRole('textbox', { name: 'Password' }).fill('a new long passphrase')
    await press(page, 'Enter')
    await page.getByRole('heading', { name: 'The password is changed' }).waitFor()
    expect(trouble).toEqual([])
  })
})

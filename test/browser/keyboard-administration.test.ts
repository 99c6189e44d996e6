import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { launch, noBrowser, openPage, type WatchedPage } from './browser.ts'
import { signInByKeyboard } from './journey.ts'
import { choose, dialogCloses, dialogOpens, fill, goTo, nothingForAxe, press, reach } from './keys.ts'

/** What an administrator does, from the sign-in to the last dialog, against a real server and with no mouse at all. */
describe.skipIf(noBrowser !== null)('administration without a mouse', { timeout: 120_000 }, () => {
  let browser: Browser
  let server: RunningServer

  beforeAll(async () => {
    browser = await launch()
    server = await startServer()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function signedIn(colorScheme: 'light' | 'dark'): Promise<WatchedPage> {
    const watched = await openPage(browser, server.url, { colorScheme, expectRefusals: true })
    await watched.page.goto('/login')
    await nothingForAxe(watched.page, 'sign-in')
    await signInByKeyboard(watched.page, owner)
    await watched.page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    return watched
  }

  const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  test('one’s own profile: a new name, a refused one, what one is told of', async () => {
    await using watched = await signedIn('dark')
    const { page, trouble } = watched
    await goTo(page, 'm', 'My profile')
    await page.getByRole('region', { name: 'Notifications' }).getByRole('checkbox').first().waitFor()
    await nothingForAxe(page, 'profile')

    await press(page, 'Edit profile')
    await dialogOpens(page, 'Edit profile')
    await nothingForAxe(page, 'editing the profile')
    await fill(page, 'Username', 'no spaces please')
    await page.keyboard.press('Enter')
    await sees(page, /single hyphens between them/)
    await nothingForAxe(page, 'a refused username')
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    await press(page, 'Edit profile')
    await fill(page, 'Name', 'Dana of the Keys')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await sees(page, 'Dana of the Keys')
    await reach(page, 'Edit profile')

    const box = page.locator('input[type=checkbox]:enabled').first()
    const was = await box.isChecked()
    const name = (await box.getAttribute('aria-label')) ?? ''
    await press(page, name, 'Space')
    await expect.poll(() => page.getByRole('checkbox', { name }).isChecked()).toBe(!was)
    await nothingForAxe(page, 'a changed preference')
    expect(trouble).toEqual([])
  })

  test('people: one is made, given a role, asked about and suspended', async () => {
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'p', 'People')
    await page.locator('tbody a').first().waitFor()
    await nothingForAxe(page, 'people')

    await press(page, 'Create a user')
    await dialogOpens(page, 'Create a user')
    await nothingForAxe(page, 'making a user')
    await page.keyboard.type('kim')
    await fill(page, 'E-mail', 'kim@example.com')
    await press(page, 'Suggest a strong passphrase')
    await choose(page, 'Role', 'member')
    await press(page, 'Create')
    await dialogCloses(page)

    await press(page, 'kim')
    await page.getByRole('heading', { name: 'kim', level: 1 }).waitFor()
    await page
      .getByRole('checkbox', { name: /Auditor/ })
      .first()
      .waitFor()
    await nothingForAxe(page, 'a person')
    await choose(page, /^Can kim/, 'audit_log:read')
    await press(page, 'Ask')
    await sees(page, 'No.')
    await nothingForAxe(page, 'an answer')
    await press(page, /^Auditor/, 'Space')
    await press(page, 'Save roles')
    await sees(page, 'Saved; it counts at once.')
    await sees(page, 'Yes.')
    await nothingForAxe(page, 'a person with a role')

    await goTo(page, 'p', 'People')
    await press(page, 'Suspend kim')
    await dialogOpens(page, 'Suspend kim')
    await nothingForAxe(page, 'suspending')
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    await press(page, 'Suspend kim')
    await page.keyboard.type('kim')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await page.getByRole('cell', { name: 'suspended' }).waitFor()
    await reach(page, 'Activate kim')
    await nothingForAxe(page, 'a suspended person')
    expect(trouble).toEqual([])
  })

  test('roles: one is made of single permissions, read, edited and deleted', async () => {
    await using watched = await signedIn('dark')
    const { page, trouble } = watched
    await goTo(page, 'o', 'Roles')
    await page.getByRole('group').first().waitFor()
    await nothingForAxe(page, 'roles')

    await press(page, 'Create a role')
    await dialogOpens(page, 'Create a role')
    await nothingForAxe(page, 'making a role')
    await fill(page, 'Name', 'night-watch')
    await fill(page, 'Title', 'Night watch')
    await fill(page, 'Description', 'Reads who did what at night')
    await press(page, 'audit log: read', 'Space')
    await press(page, 'interception: read', 'Space')
    await press(page, 'Create')
    await dialogCloses(page)

    await press(page, /^Night watch/)
    await reach(page, 'Edit Night watch')
    await nothingForAxe(page, 'an open role')
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Edit Night watch')
    await nothingForAxe(page, 'editing a role')
    await fill(page, 'Description', 'Reads who did what, in the dark')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await sees(page, 'in the dark')

    await press(page, 'Delete Night watch')
    await dialogOpens(page, /^Delete/)
    await nothingForAxe(page, 'deleting a role')
    await page.keyboard.type('night-watch')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await page.getByText('Night watch').waitFor({ state: 'detached' })
    expect(trouble).toEqual([])
  })

  test('tokens: one with single permissions and an allow list is made, looked at and revoked', async () => {
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'k', 'My tokens')
    await sees(page, 'You have no tokens')
    await nothingForAxe(page, 'no tokens')

    await press(page, 'Create a token')
    await dialogOpens(page, 'Create a token')
    await page.keyboard.type('report')
    await choose(page, 'Scope', 'single')
    await nothingForAxe(page, 'making a token')
    await reach(page, 'Create')
    await page.keyboard.press('Enter')
    await sees(page, 'Choose at least one permission.')
    await reach(page, 'user: read', true)
    await page.keyboard.press('Space')
    await press(page, 'audit log: everything, also what comes later', 'Space')
    await choose(page, 'Lifetime', 'another')
    await fill(page, 'Days', '3')
    await press(page, 'Add an object')
    await choose(page, 'Kind of object 1', 'user')
    await nothingForAxe(page, 'a token with an allow list')
    await press(page, 'Create')
    await dialogOpens(page, 'Token created')
    expect(await page.getByLabel('The new token', { exact: true }).textContent()).toMatch(/^rv_\w+$/)
    await nothingForAxe(page, 'a token is shown')
    await press(page, 'Done')
    await dialogCloses(page)

    await press(page, 'Details of report')
    await dialogOpens(page, 'report')
    await sees(page, 'audit_log:*')
    await sees(page, 'user: *')
    await nothingForAxe(page, 'details of a token')
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    await reach(page, 'Details of report')

    await press(page, 'Everybody’s')
    await page.getByRole('heading', { name: 'Everybody’s tokens' }).waitFor()
    await press(page, 'Also those that have ended', 'Space')
    await page.getByRole('columnheader', { name: 'Whose' }).waitFor()
    await nothingForAxe(page, 'everybody’s tokens')
    await press(page, 'Revoke report of dana')
    await dialogOpens(page, 'Revoke report')
    await nothingForAxe(page, 'revoking')
    await page.keyboard.type('report')
    await press(page, 'Keep it among the ended ones for a week', 'Space')
    await press(page, 'Revoke')
    await dialogCloses(page)
    await page.getByRole('cell', { name: 'ended' }).waitFor()
    expect(trouble).toEqual([])
  })

  test('a service account is made, given a token, handed over, suspended and deleted', async () => {
    await server.api('POST', '/api/v2/users', {
      username: 'lee',
      email: 'lee@example.com',
      password: 'a passphrase of lee',
    })
    await using watched = await signedIn('dark')
    const { page, trouble } = watched
    await goTo(page, 'v', 'Service accounts')
    await sees(page, 'There are no service accounts')
    await nothingForAxe(page, 'no service accounts')

    await press(page, 'Create a service account')
    await dialogOpens(page, 'Create a service account')
    await page.keyboard.type('nightly')
    await fill(page, 'Responsible person', 'nobody-here')
    await page.keyboard.press('Enter')
    await sees(page, /not a person who could be responsible/i)
    await nothingForAxe(page, 'a refused account')
    await fill(page, 'Responsible person', 'dana')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor()
    await dialogCloses(page)
    await sees(page, 'It has no token.')

    await press(page, 'Create a token')
    await dialogOpens(page, 'Create a token for nightly')
    await page.keyboard.type('report')
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Token created')
    await press(page, 'Done')
    await dialogCloses(page)
    await reach(page, 'Details of report')
    await nothingForAxe(page, 'a service account')

    await reach(page, 'Hand over', true)
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Hand nightly over')
    await nothingForAxe(page, 'handing over')
    await page.keyboard.type('lee')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await page.getByRole('link', { name: 'lee' }).waitFor()

    await press(page, 'Suspend')
    await dialogOpens(page, 'Suspend nightly')
    await page.keyboard.type('nightly')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await sees(page, 'It has no token.')
    await nothingForAxe(page, 'a suspended account')
    await press(page, 'Delete')
    await dialogOpens(page, 'Delete nightly')
    await page.keyboard.type('nightly')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Service accounts', level: 1 }).waitFor()
    await sees(page, 'There are no service accounts')
    await dialogCloses(page)
    expect(trouble).toEqual([])
  })

  test('sign-in settings: a claim becomes groups, what is not understood is said, and it is saved', async () => {
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'i', 'Sign-in')
    await page.getByRole('form', { name: 'Groups' }).waitFor()
    await nothingForAxe(page, 'sign-in settings')
    const groups = page.getByRole('form', { name: 'Groups' })
    const inGroups = () =>
      page.evaluate(() => document.activeElement?.closest('form')?.textContent?.startsWith('Groups'))
    while ((await inGroups()) !== true) await page.keyboard.press('Tab')
    await fill(page, 'Claim', 'groups')
    await fill(page, /^Mapping/, 'no such line')
    await press(page, 'Save')
    await groups.getByRole('alert').waitFor()
    await nothingForAxe(page, 'a refused mapping')
    await reach(page, /^Mapping/, true)
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await press(page, 'Save')
    await groups.getByText('Saved').waitFor()
    await nothingForAxe(page, 'saved settings')
    expect(trouble).toEqual([])
  })
})

import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { told } from '../../dashboard/mock-api/seed-inbox.ts'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('the frame around every page', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
  })
  beforeEach(async () => {
    mock = await startMock({ world: seedWorld(systemClock.now(), { events: 40 }) })
    return () => mock[Symbol.asyncDispose]()
  })
  afterAll(() => browser?.close())

  const giveEli = (...roles: string[]) => {
    mock.world.users.find(({ username }) => username === 'eli')!.roles = roles.map((name) => ({
      name,
      display_name: name,
    }))
  }
  const open = async (page: Page, path: string, email = 'eli@example.com') => {
    await signIn(page, email)
    await page.goto(path)
    await page.getByRole('navigation', { name: 'Main' }).waitFor()
  }
  const rail = (page: Page) =>
    page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  const everybodys = ['/sessions', '/requests', '/usage', '/network', '/access-requests', '/inbox', '/tokens', '/me']
  /** Who may have tasks and workspaces, as every member of the organization here. */
  const members = everybodys.toSpliced(5, 0, '/tasks', '/workspaces', '/templates')

  test('a member sees no administration, and a page opened by its address says what it takes', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await open(page, '/audit')
    await page.getByText('This page is not for you').waitFor()
    await page.getByText('audit_log:read').waitFor()
    expect(await rail(page)).toEqual(members)
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.keyboard.press('g')
    await page.keyboard.press('k')
    await page.getByRole('heading', { name: 'My tokens', level: 1 }).waitFor()
    expect(mock.asked.filter((path) => path.startsWith('/api/v2/audit'))).toEqual([])
    expect(trouble).toEqual([])
  })

  test('what the roles of the viewer grant is what is in the rail, whatever the roles are called', async () => {
    giveEli('auditor')
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await open(page, '/audit')
    await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor()
    expect(await rail(page)).toEqual([
      ...members,
      '/people',
      '/service-accounts',
      '/audit',
      '/audit/sinks',
      '/holds',
      '/retention',
    ])
    expect(mock.asked.filter((path) => path.includes('authcheck'))).toHaveLength(1)
  })

  test('while nobody can say what the viewer may do, the pages of everybody work', async () => {
    mock.failing = 'authcheck'
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await open(page, '/sessions', 'dana@example.com')
    await page.locator('tbody a').first().waitFor()
    expect(await rail(page)).toEqual(everybodys)
  })

  test('the bell tells how many are unread, opens without a mouse and gives the focus back', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await open(page, '/requests')
    const bell = page.getByRole('button', { name: /^Notifications/ })
    await expect.poll(() => bell.getAttribute('aria-label')).toBe('Notifications: 4 unread')
    await bell.focus()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('dialog', { name: 'Notifications' })
    await panel.getByText('You signed in from a new place').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    expect(await bell.evaluate((element) => element === document.activeElement)).toBe(true)

    await page.keyboard.press('Enter')
    await panel.getByText('You signed in from a new place').waitFor()
    for (const name of ['Mark all as read', 'Your sessions']) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name)
    }
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'My profile', level: 1 }).waitFor()
    expect(await panel.count()).toBe(0)
    // Following it was reading it.
    await expect.poll(() => bell.getAttribute('aria-label')).toBe('Notifications: 3 unread')

    await bell.click()
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await expect.poll(() => bell.getAttribute('aria-label')).toBe('Notifications')
    await page.getByRole('heading', { name: 'My profile' }).click()
    expect(await panel.count()).toBe(0)
    expect(trouble).toEqual([])
  })

  test('the inbox has all of it, what is unread alone, and undoes a mark', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await open(page, '/inbox')
    await page.getByText('Your roles were changed').waitFor()
    const entries = page.getByRole('list', { name: 'Notifications' }).getByRole('listitem')
    expect(await entries.count()).toBe(50)
    await page.getByRole('button', { name: 'Load more' }).click()
    await expect.poll(() => entries.count()).toBe(64)
    await page.getByRole('button', { name: 'Mark as unread: The token "ci-60"' }).click()
    await page.getByRole('link', { name: 'Unread', exact: true }).click()
    await expect.poll(() => entries.count()).toBe(5)
    expect(new URL(page.url()).search).toBe('?show=unread')
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await page.getByText('Nothing is unread').waitFor()
    expect(trouble).toEqual([])
  })

  test('roles that have changed change the rail, as soon as they are told', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await open(page, '/sessions')
    await expect.poll(() => rail(page)).toEqual(members)
    const bell = page.getByRole('button', { name: /^Notifications/ })
    await expect.poll(() => bell.getAttribute('aria-label')).toBe('Notifications: 4 unread')
    giveEli('auditor')
    mock.world.inbox.unshift(told(systemClock.now(), 'roles-changed', 'Your roles were changed'))
    await bell.click()
    await expect.poll(() => rail(page)).toContain('/audit')
  })

  test('a narrow screen reaches every page', async () => {
    await using watched = await openPage(browser, mock.url, { viewport: { width: 320, height: 640 } })
    const { page } = watched
    await open(page, '/sessions', 'dana@example.com')
    await page.getByRole('button', { name: 'More', exact: true }).click()
    const all = page.getByRole('dialog', { name: 'All pages' })
    await all.waitFor()
    expect(await all.getByRole('link').count()).toBeGreaterThan(10)
    expect(await accessibilityProblems(page)).toEqual([])
    await all.getByRole('link', { name: 'Roles' }).click()
    await page.getByRole('heading', { name: 'Roles', level: 1 }).waitFor()
    expect(await all.count()).toBe(0)
  })

  test('linking an account says how it ended, and an unknown word says no more than that it failed', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    const said: Record<string, RegExp> = {
      linked: /^The account is linked/,
      denied: /access was denied/,
      expired: /this attempt had ended/,
      signed_out: /not signed in any more/,
      failed: /the provider gave no access/,
      constructor: /the provider gave no access/,
    }
    for (const [result, words] of Object.entries(said)) {
      await page.goto(`/external-auth/github?result=${result}`)
      await page.getByText(words).waitFor()
      expect(await accessibilityProblems(page), result).toEqual([])
    }
    expect(trouble).toEqual([])
  })

  test('a forgotten password is offered to be mended only where mail works', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await page.goto('/login')
    await page.getByRole('link', { name: 'Forgot the password?' }).waitFor()
    await page.route('**/api/v2/users/authmethods', async (route) => {
      const methods = await (await route.fetch()).json()
      await route.fulfill({ json: { ...methods, password: { enabled: true, reset: false } } })
    })
    const answered = page.waitForResponse('**/api/v2/users/authmethods')
    await page.reload()
    await answered
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'Forgot the password?' }).count()).toBe(0)
  })
})

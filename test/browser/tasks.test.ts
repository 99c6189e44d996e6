import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { tasksOf } from '../../dashboard/mock-api/task-handlers.ts'
import { workspacesOf } from '../../dashboard/mock-api/workspace-handlers.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'
import { choose, dialogCloses, dialogOpens, fill, goTo, nothingForAxe, press } from './keys.ts'

describe.skipIf(noBrowser !== null)('tasks', () => {
  let browser: Browser
  let mock: MockDeployment
  beforeAll(async () => {
    browser = await launch()
  })
  beforeEach(async () => {
    mock = await startMock()
    return () => mock[Symbol.asyncDispose]()
  })
  afterAll(() => browser?.close())

  const kept = (name: string) => tasksOf(mock).find(({ task }) => task.name === name)!
  const pageOf = (name: string) => `/tasks/${kept(name).task.id}`
  const dialog = (page: Page) => page.getByRole('dialog')
  const rows = (page: Page) => page.locator('tbody tr')
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
  const log = (page: Page) => page.getByRole('list', { name: 'What was said' })

  test('every state has its word, the list is narrowed by its query, and what a stranger wrote is text', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tasks')
    await page.getByText('Make the linter quiet').waitFor()
    for (const word of ['queued', 'starting', 'working', 'needs input', 'done', 'paused', 'failed'])
      expect(await rows(page).filter({ hasText: word }).count(), word).toBeGreaterThan(0)
    await button(page, 'Mine').click()
    await page.getByText('6 tasks').waitFor()
    await page.getByRole('button', { name: 'Filter by status' }).click()
    await page.getByRole('menuitemradio', { name: 'paused' }).click()
    await page.getByText('1 task', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('q')).toBe('owner:me status:paused')
    await page.goto('/tasks?q=label:team=docs')
    await page.getByText('A pass over the docs').waitFor()
    await page.goto('/tasks?q=colour:red')
    await page.getByText('there is no key colour').waitFor()
    await page.goto(pageOf('odd'))
    await page.getByRole('region', { name: 'Why it failed' }).getByText('on main.tf line 14').waitFor()
    expect(await page.evaluate(() => Object.keys(window).filter((name) => name.startsWith('__owned')))).toEqual([])
    expect(trouble).toEqual([])
  })

  test('several are paused or deleted at once; where it was refused it is said of which and why', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tasks')
    const row = (title: string) => rows(page).filter({ hasText: title })
    const chosen = page.getByRole('group', { name: 'Those that are chosen' })
    const [billing, image] = ['Fix the flaky billing test', 'Bump node to 26']
    for (const title of [billing, image]) await row(title).getByRole('checkbox').check()
    await chosen.getByText('2 tasks chosen').waitFor()
    await nothingForAxe(page, 'the list with some chosen')
    await chosen.getByRole('button', { name: 'Pause 2' }).click()
    await dialogOpens(page, 'Pause 2 tasks')
    await dialog(page).getByRole('button', { name: 'Pause', exact: true }).click()
    await dialogCloses(page)
    await chosen.waitFor({ state: 'detached' })
    for (const name of ['billing-test', 'node-26']) {
      const workspace = workspacesOf(mock).find((one) => one.workspace.id === kept(name).workspaceId)
      expect(workspace?.workspace.latest_build.transition, name).toBe('stop')
    }

    for (const title of [billing, image]) await row(title).getByRole('checkbox').check()
    const all = tasksOf(mock)
    all.splice(all.indexOf(kept('node-26')), 1)
    await chosen.getByRole('button', { name: 'Delete 2' }).click()
    await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click()
    await dialog(page).getByText('It was done to 1 of 2').waitFor()
    await dialog(page).getByText('node-26: there is no such task').waitFor()
    await row(billing).waitFor({ state: 'detached' })
    expect(all.some(({ task }) => task.name === 'billing-test')).toBe(false)
    expect(trouble).toEqual([])
  })

  test('a member sees his own, and is not told how many builds are used', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page, 'eli@example.com')
    await page.goto(pageOf('billing-test'))
    await page.getByText('There is no such task, or you may not see it').waitFor()
    await page.goto('/tasks')
    await page.getByText('1 task', { exact: true }).waitFor()
    await button(page, 'New task').click()
    await dialog(page).getByText('It counts 1 Agent Workspace Build').waitFor()
    expect(trouble).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'composed, told, paused, resumed and deleted by keyboard alone, in the %s theme',
    async (colorScheme) => {
      await using watched = await openPage(browser, mock.url, { colorScheme, expectRefusals: true })
      const { page, trouble } = watched
      await signIn(page)
      await page.goto('/sessions')
      await page.locator('tbody a').first().waitFor()
      await goTo(page, 'q', 'Tasks')
      await page.getByText('Make the linter quiet').waitFor()
      await nothingForAxe(page, 'the list')
      await page.keyboard.press('c')
      await dialogOpens(page, 'New task')
      await dialog(page).getByLabel('Processors').waitFor()
      await dialog(page)
        .getByText(/It counts 1 Agent Workspace Build; [\d,]+ of [\d,]+ used/)
        .waitFor()
      await nothingForAxe(page, 'composing')
      await fill(page, 'What is it to do?', 'Tidy the attic')
      await choose(page, 'Preset', 'Large')
      await fill(page, 'Tokens at most', 'lots')
      await page.keyboard.press('Enter')
      await dialog(page).getByText('Is no whole number').waitFor()
      await nothingForAxe(page, 'a refused limit')
      await fill(page, 'Tokens at most', '5000')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Tidy the attic' }).waitFor()
      expect(kept('tidy-the-attic').task.token_budget).toBe(5000)
      await page.getByText('needs input').first().waitFor()
      await nothingForAxe(page, 'a task')

      await page.keyboard.press('m')
      await page.keyboard.type('and the cellar')
      await page.keyboard.press('Control+Enter')
      await log(page).getByText('and the cellar').waitFor()
      await page.getByText('Its agent works; it can be told something').waitFor()
      await page.keyboard.press('Escape')
      await page.keyboard.press('p')
      await dialogOpens(page, 'Pause tidy-the-attic')
      await nothingForAxe(page, 'pausing')
      await press(page, 'Pause')
      await dialogCloses(page)
      await page.getByText('as it was kept when it was paused').waitFor()
      await nothingForAxe(page, 'a paused task')
      await page.keyboard.press('r')
      await dialogOpens(page, 'Resume tidy-the-attic')
      await nothingForAxe(page, 'resuming')
      await press(page, 'Resume')
      await dialogCloses(page)
      await button(page, 'Pause').waitFor()

      await press(page, 'Delete')
      await dialogOpens(page, 'Delete tidy-the-attic')
      await fill(page, 'Type tidy-the-attic to confirm', 'tidy-the-attic')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor()
      await expect.poll(() => page.getByText('Tidy the attic').count()).toBe(0)
      expect(trouble).toEqual([])
    },
  )

  test('what is said is followed as it grows, searched through, and each entry has an address', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('billing-test'))
    await log(page).getByText('Running the tests again.').waitFor()
    expect(await log(page).locator('li').count()).toBe(4)
    await page.getByText('live', { exact: true }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('test')
    await page.getByText('3 entries').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('1 of 3 entries').waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toBe('0')
    expect(await button(page, 'Follow').getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('Escape')
    await page.keyboard.press('w')
    await expect.poll(() => new URL(page.url()).searchParams.get('wrap')).toBe('off')
    await page.keyboard.press('G')
    expect(await button(page, 'Follow').getAttribute('aria-pressed')).toBe('true')
    const started = page.waitForEvent('download')
    await page.getByRole('link', { name: 'JSON' }).click()
    expect((await started).suggestedFilename()).toBe('billing-test-log.json')
    await page.goto(`${pageOf('billing-test')}?at=1`)
    await page.locator('[aria-current="true"]').getByText('I will look at the test first').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('a paused task is resumed for a message only after it was said what that counts', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('docs-pass'))
    await page.getByText('as it was kept when it was paused').waitFor()
    await page.getByLabel('Message to the agent').fill('go on')
    await button(page, 'Resume and send').click()
    await dialog(page)
      .getByText(/counts 1 Agent Workspace Build; [\d,]+ of/)
      .waitFor()
    expect(kept('docs-pass').log.length).toBe(2)
    await dialog(page).getByRole('button', { name: 'Resume and send' }).click()
    await log(page).getByText('go on').waitFor()
    expect(kept('docs-pass').task.builds_counted).toBe(2)
    expect(trouble).toEqual([])
  })

  test('the workspace of a task says whose it is, and leads back to it', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('billing-test'))
    await page.getByRole('link', { name: 'billing', exact: true }).click()
    await page.getByRole('link', { name: 'billing-test' }).waitFor()
    await page.goto('/workspaces?q=name:billing')
    await rows(page).getByText('task', { exact: true }).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('a fork begins with the same words, and says what is carried over', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('node-26'))
    await button(page, 'Fork').click()
    await dialog(page).getByText('files are not taken along').waitFor()
    expect(await dialog(page).getByLabel('What is it to do?').inputValue()).toBe('Bump node to 26')
    await dialog(page).getByLabel('What is it to do?').fill('Bump node to 28')
    await button(page, 'Run it').click()
    await page.getByRole('heading', { name: 'Bump node to 28' }).waitFor()
    await page.getByText('Made of').waitFor()
    expect(trouble).toEqual([])
  })

  test('what is refused is said in place', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto(pageOf('node-26'))
    await page.getByText('Ctrl and Enter sends it.').waitFor()
    mock.failing = '/send'
    await page.getByLabel('Message to the agent').fill('ubuntu')
    await button(page, 'Send').click()
    await page.getByText('It was not told').waitFor()
    expect(await page.getByLabel('Message to the agent').inputValue()).toBe('ubuntu')
    expect(await accessibilityProblems(page)).toEqual([])
    mock.failing = '/pause'
    await button(page, 'Pause').click()
    await dialog(page).getByRole('button', { name: 'Pause' }).click()
    await dialog(page).getByText('The database does not answer', { exact: false }).waitFor()
  })

  test('on a narrow screen nothing is wider than it', async () => {
    await using watched = await openPage(browser, mock.url, { viewport: { width: 320, height: 700 } })
    const { page, trouble } = watched
    await signIn(page)
    for (const path of ['/tasks', pageOf('billing-test'), pageOf('odd')]) {
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path).toBe(true)
      expect(await accessibilityProblems(page), path).toEqual([])
    }
    expect(trouble.filter((line) => !line.includes('409'))).toEqual([])
  })
})

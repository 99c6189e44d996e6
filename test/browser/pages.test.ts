import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { platformId, researchId } from '../../dashboard/mock-api/organization-handlers.ts'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { tasksOf } from '../../dashboard/mock-api/task-handlers.ts'
import { templatesOf } from '../../dashboard/mock-api/template-handlers.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { workspacesOf } from '../../dashboard/mock-api/workspace-handlers.ts'
import { accessibilityProblems, launch, noBrowser, openPage, problemsInBothThemes, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('every page', () => {
  let browser: Browser
  let mock: MockDeployment
  let pages: readonly (readonly [path: string, ready: string])[]

  beforeAll(async () => {
    browser = await launch()
    // As few ordinary sessions as have every kind of them.
    mock = await startMock({ world: seedWorld(systemClock.now(), { sessions: 20, events: 400 }) })
    const [long, hostile, agents, live] = mock.world.sessions.slice(-4)
    pages = [
      ['/sessions', 'The billing test fails'],
      ['/sessions?q=nothing-like-this&from=-24h', 'No session matches'],
      [`/sessions/${long!.session.id}`, 'Migrate every module'],
      [`/sessions/${hostile!.session.id}`, 'Claude Code <b>'],
      [`/sessions/${agents!.session.id}?q=rate`, 'sub-agent'],
      [`/sessions/${live!.session.id}`, 'still running'],
      ['/requests', 'continues a thread'],
      [`/requests/${agents!.interceptions[0]!.id}`, 'Timings'],
      ['/usage', 'Cache written'],
      ['/usage?by=group&view=table', 'Some people are in several groups'],
      ['/usage?from=2020-01-01&to=2020-01-02', 'Nothing was used'],
      ['/network', 'npm.mirror.corp'],
      ['/network?q=verdict:denied&from=-7d', 'telemetry.example.com'],
      ['/network?q=host:nowhere.example', 'No decision matches'],
      ['/network?view=destinations', 'new in 7 days'],
      ['/network?view=rules', 'never in this time'],
      ['/policies', 'the deployment'],
      ['/policies/team-web', 'Nothing is wrong with the text'],
      ['/policies/team-web?view=versions', 'Go back to it'],
      ['/access-requests', 'terraform init needs'],
      ['/access-requests?show=all', 'declined'],
      ['/tasks', 'Bump node to 26'],
      [`/tasks/${tasksOf(mock)[0]!.task.id}`, 'Running the tests again.'],
      ['/workspaces', 'old-desk'],
      ['/workspaces?q=owner:me', 'old-desk'],
      ['/workspaces?q=status:deleting', 'No workspace matches'],
      ...workspacesOf(mock).map(({ workspace }) => [`/workspaces/${workspace.id}`, 'Resources'] as const),
      ['/templates', 'Claude Code in a small container'],
      [`/templates/${templatesOf(mock)[0]!.template.id}`, 'What a start makes'],
      [`/templates/${templatesOf(mock)[1]!.template.id}?view=versions`, 'Import of v3'],
      [`/templates/${templatesOf(mock)[0]!.template.id}?view=sharing`, 'Every member with workspace access'],
      ['/tokens', 'ci-pipeline'],
      ['/tokens?of=everybody&ended=yes&q=kind:service', 'and 2 more'],
      ['/service-accounts', 'nightly-report'],
      [`/service-accounts/${mock.world.users.find((user) => user.is_service_account)!.id}`, 'What its programs show'],
      ['/people', 'Ava Lindqvist'],
      [`/people/${mock.world.users[0]!.id}`, 'Content reviewer'],
      ['/groups', 'Site Reliability'],
      [`/groups/${platformId}`, 'colleague-14'],
      ['/organizations', 'Everybody here'],
      [`/organizations/${researchId}`, 'What claims become'],
      ['/roles', 'Night shift'],
      ['/sign-in', 'What claims become'],
      ['/me', 'Who looked at my data'],
      ['/external-auth/github', 'Link at the provider'],
      ['/external-auth/github?result=denied', 'access was denied'],
      ['/inbox', 'You signed in from a new place'],
      ['/inbox?show=unread', 'Your roles were changed'],
      ['/audit', 'verified in this browser'],
      [`/audit?event=${mock.world.audit[1]!.id}`, 'About the same object'],
      ['/audit/sinks', 'failing, 1,204 waiting'],
      ['/holds', 'What happened in the autumn'],
      ['/retention', 'as the deployment'],
      ['/providers', 'models-2 (process 3)'],
      ['/encryption', 'Secrets of audit sinks'],
      ['/licenses', 'Acme GmbH'],
      ['/licenses?counted=no', 'a workspace of a person'],
      ['/connect', 'Waiting for the first request'],
      ['/no-such-page', 'There is no such page'],
    ]
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  test.each([1, 2, 3, 4])(
    'fits 320 px, has nothing for axe in either theme, asks nobody else and breaks no policy: quarter %i',
    { timeout: 600_000 },
    async (quarter) => {
      await using watched = await openPage(browser, mock.url)
      const { page, trouble } = watched
      await signIn(page)
      const found: Record<string, string[]> = {}
      for (const [path, ready] of pages.filter((_, n) => n % 4 === quarter - 1)) {
        // Loaded as a telephone loads it, and judged by axe as a desk has it.
        await page.setViewportSize({ width: 320, height: 640 })
        await page.goto(path)
        await page.getByText(ready).first().waitFor()
        const problems = await wideProblems(page)
        await page.setViewportSize({ width: 1440, height: 900 })
        await nextFrame(page)
        problems.push(...(await problemsInBothThemes(page)))
        if (problems.length > 0) found[path] = problems
      }
      expect(found).toEqual({})
      expect(trouble).toEqual([])
    },
  )

  test('before signing in is as good', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await problemsInBothThemes(page)).toEqual([])
    await page.goto('/setup')
    await page.getByText('This deployment is set up').waitFor()
    expect(await problemsInBothThemes(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('what looks at both themes sees what only one of them has', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(
        'h1 { color: light-dark(#000, #333) !important } label { color: light-dark(#ddd, #fff) !important }',
      )
      document.adoptedStyleSheets.push(sheet)
    })
    const problems = await problemsInBothThemes(page)
    expect(problems.filter((one) => one.startsWith('dark: color-contrast: <h1'))).toHaveLength(1)
    expect(problems.some((one) => one.startsWith('light: color-contrast: <label'))).toBe(true)
    expect(problems.some((one) => /^light: .*<h1|^dark: .*<label/.test(one))).toBe(false)
    await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
    await expect.poll(() => trouble.length).toBe(1)
    expect(trouble[0]).toContain('a script asks for the theme')
  })

  test('open dialogs and menus have nothing for axe', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tokens')
    for (const open of ['Create a token', 'Revoke laptop', 'Search or jump', 'Keyboard shortcuts']) {
      await page.getByRole('button', { name: open, exact: true }).first().click()
      await page.locator('dialog[open]').waitFor()
      if (open !== 'Keyboard shortcuts')
        expect(await page.evaluate(() => document.activeElement?.tagName), open).toBe('INPUT')
      expect(await accessibilityProblems(page), open).toEqual([])
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    await page.goto('/sessions')
    for (const name of ['Filter by status', 'Theme and density', 'Copy link, command or API call']) {
      await page.getByRole('button', { name }).click()
      await page.getByRole('menu').waitFor()
      expect(await accessibilityProblems(page), name).toEqual([])
      await page.keyboard.press('Escape')
    }
    expect(trouble).toEqual([])
  })

  test('honours forced colours and a zoom of 200 percent', async () => {
    await using watched = await openPage(browser, mock.url, {
      forcedColors: 'active',
      viewport: { width: 720, height: 450 },
    })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.getByText('The billing test fails').first().waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })
})

/** What would have to be scrolled sideways to be read, on a screen of 320 px. */
async function wideProblems(page: Page): Promise<string[]> {
  const overflow = await page.evaluate(() => {
    const main = document.getElementById('main')
    return [document.documentElement.scrollWidth - 320, main === null ? 0 : main.scrollWidth - main.clientWidth]
  })
  return overflow.some((px) => px > 0) ? [`too wide by ${overflow.join(', ')} px`] : []
}

/** Lists that draw what fits hear of a new size with the frame in which it is drawn, and draw anew with the next. */
const nextFrame = (page: Page) =>
  page.evaluate(async () => {
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame)
  })

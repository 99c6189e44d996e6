import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { homeId } from '../../dashboard/mock-api/organization-handlers.ts'
import { templatesOf } from '../../dashboard/mock-api/template-handlers.ts'
import { workspacesOf } from '../../dashboard/mock-api/workspace-handlers.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'
import { choose, dialogCloses, dialogOpens, fill, goTo, nothingForAxe, press } from './keys.ts'

describe.skipIf(noBrowser !== null)('workspaces', () => {
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

  const kept = (name: string) => workspacesOf(mock).find(({ workspace }) => workspace.name === name)!
  const pageOf = (name: string) => `/workspaces/${kept(name).workspace.id}`
  const dialog = (page: Page) => page.getByRole('dialog')
  const rows = (page: Page) => page.locator('tbody tr')
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

  test('everybody’s are narrowed to one’s own and to a status, and a key that is none is said to be none', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/workspaces')
    await page.getByText('old-desk').waitFor()
    expect(await rows(page).count()).toBe(4)
    expect(await rows(page).filter({ hasText: 'outdated' }).count()).toBe(2)
    await button(page, 'Mine').click()
    await page.getByText('3 workspaces').waitFor()
    await page.getByRole('button', { name: 'Filter by status' }).click()
    await page.getByRole('menuitemradio', { name: 'stopped' }).click()
    await page.getByText('1 workspace', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('q')).toBe('owner:me status:stopped')
    await page.goto('/workspaces?q=colour:red')
    await page.getByText('there is no key colour').waitFor()
    expect(trouble).toEqual([])
  })

  test('a member sees his own and is not offered the view of everybody', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page, 'eli@example.com')
    await page.goto('/workspaces')
    await page.getByText('1 workspace', { exact: true }).waitFor()
    expect(await page.getByRole('group', { name: 'Whose workspaces' }).count()).toBe(0)
    await page.getByRole('link', { name: '<img src=x' }).click()
    await page.getByRole('group', { name: 'Why it failed' }).getByText('on main.tf line 14').waitFor()
    expect(await page.evaluate(() => Object.keys(window).filter((name) => name.startsWith('__owned')))).toEqual([])
    expect(await button(page, 'Delete').count()).toBe(1)
    expect(trouble).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'made from a template, stopped and deleted by keyboard alone, in the %s theme',
    async (colorScheme) => {
      await using watched = await openPage(browser, mock.url, { colorScheme, expectRefusals: true })
      const { page, trouble } = watched
      await signIn(page)
      await page.goto(`/templates/${templatesOf(mock)[0]!.template.id}`)
      await button(page, 'Make a workspace').waitFor()
      await press(page, 'Make a workspace')
      await dialogOpens(page, 'Make a workspace')
      await dialog(page).getByLabel('Processors').waitFor()
      await nothingForAxe(page, 'making a workspace')
      await fill(page, 'Name', 'desk-one')
      await fill(page, 'Processors', 'many')
      await page.keyboard.press('Enter')
      await dialog(page).getByText('Is no number').waitFor()
      await nothingForAxe(page, 'a refused value')
      await fill(page, 'Processors', '4')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'desk-one' }).waitFor()
      await page.getByText('agent main').waitFor()
      expect(kept('desk-one').parameters).toEqual([{ name: 'cpu', value: '4' }])

      await press(page, 'Stop')
      await dialogOpens(page, 'Stop desk-one')
      await nothingForAxe(page, 'stopping')
      await press(page, 'Stop')
      await dialogCloses(page)
      await button(page, 'Start').waitFor()
      expect(await page.getByRole('list', { name: 'Builds, the latest first' }).locator('li').count()).toBe(2)

      await press(page, 'Delete')
      await dialogOpens(page, 'Delete desk-one')
      await nothingForAxe(page, 'deleting')
      await page.keyboard.press('Enter')
      expect(kept('desk-one').builds.length).toBe(2)
      await fill(page, 'Type desk-one to confirm', 'desk-one')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'The workspace is deleted' }).waitFor()
      await nothingForAxe(page, 'a deleted workspace')
      await goTo(page, 'z', 'Workspaces')
      await page.getByText('old-desk').waitFor()
      expect(await page.getByText('desk-one').count()).toBe(0)
      expect(trouble).toEqual([])
    },
  )

  test('a preset fills in its values, and only what was chosen otherwise is sent beside it', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/templates/${templatesOf(mock)[0]!.template.id}`)
    await button(page, 'Make a workspace').click()
    await dialog(page).getByLabel('Preset').selectOption('Large <b>')
    expect(await dialog(page).getByLabel('Processors').inputValue()).toBe('8')
    await dialog(page).getByLabel('gpu').selectOption('yes')
    await dialog(page).getByLabel('region').selectOption('us')
    await dialog(page).getByLabel('Name').fill('billing')
    await button(page, 'Make and start it').click()
    await dialog(page).getByText('this person has a workspace of this name already', { exact: false }).waitFor()
    expect(await dialog(page).getByLabel('gpu').inputValue()).toBe('true')
    await dialog(page).getByLabel('Name').fill('large')
    await button(page, 'Make and start it').click()
    await page.getByRole('heading', { name: 'large' }).waitFor()
    expect(kept('large').parameters).toEqual([
      { name: 'region', value: 'us' },
      { name: 'gpu', value: 'true' },
    ])
    expect(trouble.filter((line) => !line.includes('409'))).toEqual([])
  })

  test('a field offers what goes with the others, and says when what was in it does not go any more', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    const { template } = templatesOf(mock).find((one) => one.template.name === 'regions')!
    await page.goto(`/templates/${template.id}`)
    await button(page, 'Make a workspace').click()
    const zone = dialog(page).getByLabel('zone')
    await zone.selectOption('n2')
    await dialog(page).getByLabel('region').selectOption('south')
    await dialog(page).getByText('The parameter "zone" cannot be "n2"', { exact: false }).waitFor()
    expect(await zone.locator('option').allTextContents()).toEqual(['s1', 's2'])
    expect(await zone.inputValue()).toBe('s1')
    expect(await accessibilityProblems(page)).toEqual([])
    await zone.selectOption('s2')
    await dialog(page).getByText('cannot be', { exact: false }).waitFor({ state: 'hidden' })
    await dialog(page).getByLabel('Name').fill('southern')
    await button(page, 'Make and start it').click()
    await page.getByRole('heading', { name: 'southern' }).waitFor()
    expect(kept('southern').parameters).toEqual([
      { name: 'region', value: 'south' },
      { name: 'zone', value: 's2' },
    ])
    expect(trouble).toEqual([])
  })

  test('a workspace is started with several values changed at once', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('billing'))
    await button(page, 'Change values').click()
    await dialog(page).getByLabel('Processors').fill('6')
    await dialog(page).getByLabel('gpu').selectOption('yes')
    expect(await accessibilityProblems(page)).toEqual([])
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/builds'))
    await button(page, 'Start').last().click()
    expect((await sent).postDataJSON()).toEqual({
      transition: 'start',
      rich_parameter_values: [
        { name: 'cpu', value: '6' },
        { name: 'gpu', value: 'true' },
      ],
      reason: 'dashboard',
    })
    await dialog(page).waitFor({ state: 'hidden' })
    expect(trouble).toEqual([])
  })

  test('the log of a build that goes on is followed, and the build can be canceled', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('nightly'))
    const log = page.getByRole('list', { name: 'What the build said' })
    await log.getByText('Creating...').waitFor()
    expect(await log.locator('li').count()).toBe(3)
    await page.getByText('live', { exact: true }).waitFor()
    expect(await button(page, 'Delete').count()).toBe(0)
    expect(await accessibilityProblems(page)).toEqual([])
    await button(page, 'Cancel the build').click()
    await button(page, 'Start').waitFor()
    await page.getByText('live', { exact: true }).waitFor({ state: 'detached' })
    expect(trouble).toEqual([])
  })

  test('an outdated workspace is updated to the active version, and an older build can be looked at by its address', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`${pageOf('old-desk')}?build=1`)
    await page.getByRole('heading', { name: 'Build 1: start' }).waitFor()
    await button(page, '#2 Stop').click()
    await page.getByRole('heading', { name: 'Build 2: stop' }).waitFor()
    expect(new URL(page.url()).search).toBe('?build=2')
    await button(page, 'Update').click()
    await page.getByText('outdated').waitFor({ state: 'detached' })
    await button(page, 'Stop').waitFor()
    expect(kept('old-desk').workspace.latest_build).toMatchObject({ reason: 'dashboard', template_version_name: 'v2' })
    expect(trouble).toEqual([])
  })

  test('a workspace is scheduled, extended and woken on its page, and a schedule that cannot be read is told in place', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    const found = kept('billing')
    found.workspace = { ...found.workspace, dormant_at: found.workspace.created_at }
    await page.goto(pageOf('billing'))
    const before = kept('billing').workspace.latest_build.deadline!
    await button(page, 'Extend by an hour').click()
    await expect.poll(() => kept('billing').workspace.latest_build.deadline).not.toBe(before)
    await button(page, 'Wake').click()
    await button(page, 'Wake').waitFor({ state: 'detached' })
    await button(page, 'Schedule').click()
    await dialog(page).getByLabel('Starts').fill('at nine')
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).getByText('is not CRON_TZ').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await dialog(page).getByLabel('Starts').fill('CRON_TZ=Europe/Berlin 30 9 * * 1-5')
    await dialog(page).getByLabel('Stops after').fill('8')
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await page.getByText('Starts', { exact: true }).waitFor()
    expect(kept('billing').workspace).toMatchObject({
      autostart_schedule: 'CRON_TZ=Europe/Berlin 30 9 * * 1-5',
      ttl_ms: 28_800_000,
    })
    await button(page, 'Favourite').click()
    await expect.poll(() => kept('billing').workspace.favorite).toBe(true)
  })

  test.each(['light', 'dark'] as const)(
    'apps lead to hosts of their own or say why they do not, and ports are asked for by keyboard, in the %s theme',
    async (colorScheme) => {
      await using watched = await openPage(browser, mock.url, { colorScheme })
      const { page, trouble } = watched
      await signIn(page)
      await page.goto(pageOf('billing'))
      const apps = page.getByRole('list', { name: 'Apps of' }).locator('li')
      const link = apps.getByRole('link', { name: 'web' })
      await link.waitFor()
      expect(await apps.count()).toBe(2)
      expect(await link.getAttribute('href')).toBe('http://web--main--billing--dana.apps.localhost:1')
      expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
      expect(await apps.last().getByRole('link').count()).toBe(0)
      expect(await apps.last().textContent()).toContain('too long for a host name')
      await press(page, 'Ports')
      const ports = page.getByRole('list', { name: 'Ports of' })
      await ports.getByRole('link', { name: '8080' }).waitFor()
      expect(await ports.getByRole('link').count()).toBe(1)
      const shared = ports.getByLabel('Who may open port 8080')
      expect(await shared.locator('option').allTextContents()).toEqual(['not shared', 'members of the organization'])
      await shared.selectOption('organization')
      await expect.poll(() => shared.inputValue()).toBe('organization')
      await nothingForAxe(page, 'apps and ports')
      await press(page, 'Ports')
      await ports.waitFor({ state: 'detached' })
      expect(trouble).toEqual([])
    },
  )

  test('what the scripts of an agent said is read, and followed', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(pageOf('billing'))
    await press(page, 'Scripts')
    const lines = page.getByRole('list', { name: 'What the scripts said' }).locator('li')
    await lines.getByText('cloning the repository').waitFor()
    await lines.getByText('installing the editor').waitFor()
    expect(await lines.count()).toBe(3)
    await nothingForAxe(page, 'the log of an agent')
    await press(page, 'Scripts')
    await lines.first().waitFor({ state: 'detached' })
    expect(trouble).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'renamed, shared with a person and a group, and taken back by keyboard alone, in the %s theme',
    async (colorScheme) => {
      await using watched = await openPage(browser, mock.url, { colorScheme, expectRefusals: true })
      const { page } = watched
      await signIn(page)
      await page.goto(pageOf('billing'))
      await button(page, 'Rename').waitFor()
      await press(page, 'Rename')
      await dialogOpens(page, 'Rename billing')
      await nothingForAxe(page, 'renaming')
      await fill(page, 'Name', 'old-desk')
      await page.keyboard.press('Enter')
      await dialog(page).getByText('has a workspace of this name already').waitFor()
      await fill(page, 'Name', 'invoices')
      await page.keyboard.press('Enter')
      await dialogCloses(page)
      await page.getByRole('heading', { name: 'invoices' }).waitFor()

      await press(page, 'Share')
      await dialogOpens(page, 'Share invoices')
      await dialog(page).getByText('Nobody is on the list.').waitFor()
      await fill(page, 'Username', 'eli')
      await page.keyboard.press('Enter')
      const shared = page.getByRole('list', { name: 'Shared with' }).locator('li')
      await shared.getByText('may use it').waitFor()
      await choose(page, 'Put on it', 'a group')
      await choose(page, 'Who then', 'may start')
      await fill(page, 'Name of the group', 'nobody-here')
      await page.keyboard.press('Enter')
      await dialog(page).getByText('there is no such group').waitFor()
      await fill(page, 'Name of the group', 'platform')
      await page.keyboard.press('Enter')
      await shared.getByText('may start').waitFor()
      await nothingForAxe(page, 'sharing')
      await press(page, 'Take off eli')
      await shared.getByText('may use it').waitFor({ state: 'detached' })
      expect(await shared.count()).toBe(1)
    },
  )

  test('what workspaces may cost is told to whom a group allows something, and to nobody else', async () => {
    for (const user of mock.world.users) user.organization_ids = [homeId]
    for (const [email, lines] of [
      [undefined, 1],
      ['eli@example.com', 0],
    ] as const) {
      await using watched = await openPage(browser, mock.url)
      const { page, trouble } = watched
      await signIn(page, email)
      const asked = page.waitForResponse((answer) => answer.url().endsWith('/workspace-quota'))
      await page.goto('/workspaces')
      await asked
      await page.locator('tbody tr').first().waitFor()
      expect(await page.getByText('Your workspaces use 12 of 20 credits a day').count()).toBe(lines)
      expect(await accessibilityProblems(page)).toEqual([])
      expect(trouble).toEqual([])
    }
  })

  test('a template tells when its workspaces start, stop and go', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    const found = templatesOf(mock)[0]!
    found.template.dormant_ttl_ms = 14 * 86_400_000
    await page.goto(`/templates/${found.template.id}`)
    const times = page.locator('dl[aria-label="What holds for its workspaces"]')
    await times.waitFor()
    expect(await times.locator('dt, dd').allTextContents()).toEqual(
      [
        'Stop|after 8 h without use|Use moves that by|1 h|Failed ones stop|never',
        'Dormant|after 14 d unused|Deleted|never|May start by themselves|Mon, Tue, Wed, Thu, Fri',
        'Their ports are shared|with the organization at most',
      ].flatMap((line) => line.split('|')),
    )
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('a build that is refused says so in place', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto(pageOf('old-desk'))
    await button(page, 'Start').waitFor()
    mock.failing = '/builds'
    await button(page, 'Start').click()
    await page.getByText('The build was not begun').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    mock.failing = null
    await button(page, 'Start').click()
    await button(page, 'Stop').waitFor()
  })
})

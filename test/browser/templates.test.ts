import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMock } from '../../dashboard/mock-api/server.ts'
import { homeId } from '../../dashboard/mock-api/organization-handlers.ts'
import { templatesOf } from '../../dashboard/mock-api/template-handlers.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('templates', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  test('a version is tried without making a workspace of it', async () => {
    await using mock = await startMock()
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/templates/${templatesOf(mock)[0]!.template.id}?view=versions`)
    const run = page.getByRole('region', { name: 'Test run' })
    await run.getByRole('button', { name: 'Test run', exact: true }).click()
    await run.getByText('A start would make').waitFor()
    await run.getByText('docker_container.workspace[0]', { exact: true }).waitFor()
    expect(await run.getByRole('list', { name: 'What the test run said' }).locator('li').count()).toBe(3)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('what a version changes is read before it is made active, and all its files without another', async () => {
    await using mock = await startMock()
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/templates/${templatesOf(mock)[0]!.template.id}?view=versions&version=v2`)
    const files = page.getByRole('region', { name: 'Files of v2' })
    const listed = files.getByRole('listitem')
    await expect.poll(() => listed.count()).toBe(3)
    expect(await listed.nth(0).innerText()).toContain('main.tf changed')
    expect(await listed.nth(1).innerText()).toContain('old.tf removed')
    expect(await listed.nth(2).innerText()).toContain('scripts/start.sh added · may be run')
    const change = files.getByRole('group', { name: 'What changed in main.tf' })
    expect(await change.innerText()).toMatch(
      /… 9 lines as before[^]*removed:\s+image = "node:22"[^]*added:\s+image = "node:24"/,
    )
    expect(await accessibilityProblems(page)).toEqual([])
    await files.getByLabel('Compared with').selectOption('nothing')
    await files.getByText('logo.png').click()
    await files.getByText('It is no text, or too long to be shown.').first().waitFor()
    expect(new URL(page.url()).searchParams.get('against')).toBe('nothing')
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('what holds for its workspaces is changed, refused in place, and a template is deleted by its name', async () => {
    await using mock = await startMock()
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    const [kept] = templatesOf(mock)
    await page.goto(`/templates/${kept!.template.id}`)
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    const form = page.getByRole('form', { name: 'Settings' })
    await form.getByLabel('Stop after hours without use').fill('soon')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Is a number, 0 or more').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await form.getByLabel('Stop after hours without use').fill('1.5')
    const stops = form.getByRole('group', { name: 'Running ones are stopped in the quiet hour of' })
    await stops.getByLabel('sunday').check()
    await form.getByLabel('No longer to be used because').fill('use the new one')
    await form.getByRole('button', { name: 'Save' }).click()
    await page.getByText('No new workspaces are made of it:').waitFor()
    expect(kept!.template).toMatchObject({
      default_ttl_ms: 5_400_000,
      autostop_requirement: { days_of_week: ['sunday'] },
      deprecation_message: 'use the new one',
    })
    await page.getByRole('button', { name: 'Delete the template' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('to confirm').fill(kept!.template.name)
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('heading', { name: 'Templates' }).waitFor()
    expect(templatesOf(mock)).not.toContain(kept)
  })

  test('people and groups are put on the access list by name, and come off it', async () => {
    await using mock = await startMock()
    for (const user of mock.world.users) user.organization_ids = [homeId]
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto(`/templates/${templatesOf(mock)[0]!.template.id}?view=sharing`)
    const list = page.getByRole('list', { name: 'The access list' }).locator('li')
    const form = page.getByRole('form', { name: 'Put somebody on the list' })
    await list.first().waitFor()
    const before = await list.count()
    await form.getByLabel('Username').fill('nobody-here')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing was changed').waitFor()
    expect(await form.getByLabel('Username').inputValue()).toBe('nobody-here')
    await form.getByLabel('Username').fill('eli')
    await page.keyboard.press('Enter')
    await list.getByText('may use it').waitFor()
    await form.getByLabel('Put on it').selectOption('group')
    await form.getByLabel('Name of the group').fill('platform')
    await page.keyboard.press('Enter')
    await list.getByText('group platform').waitFor()
    expect(await list.count()).toBe(before + 2)
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByRole('button', { name: 'Take off eli' }).click()
    await page.getByRole('button', { name: 'Take off eli' }).waitFor({ state: 'detached' })
    expect(await list.count()).toBe(before + 1)
  })

  test('a template is made of a starter', async () => {
    await using mock = await startMock()
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/templates')
    await page.getByRole('button', { name: 'Begin with a starter' }).click()
    const dialog = page.getByRole('dialog', { name: 'Begin with a starter' })
    await dialog.getByLabel('Starter').selectOption('docker-claude')
    await dialog.getByText('Tasks for Claude Code in a container').waitFor()
    expect(await dialog.getByLabel('Name').inputValue()).toBe('docker-claude')
    expect(await accessibilityProblems(page)).toEqual([])
    await dialog.getByLabel('Name').fill('agent-desk')
    await dialog.getByRole('button', { name: 'Make the template' }).click()
    await page.getByRole('heading', { name: 'agent-desk' }).waitFor()
    expect(trouble).toEqual([])
  })
})

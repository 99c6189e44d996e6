import { readFile } from 'node:fs/promises'
import { systemClock } from '@reeve/base'
import type { AuditEvent } from '@reeve/sdk'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chainedAudit } from '../../dashboard/mock-api/audit-handlers.ts'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('the audit log', () => {
  let browser: Browser
  let mock: MockDeployment
  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { sessions: 6, events: 10 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  const open = async (path: string) => {
    const watched = await openPage(browser, mock.url)
    await signIn(watched.page)
    await watched.page.goto(path)
    await watched.page.locator('table tbody tr').first().waitFor()
    return watched
  }
  const event = (wanted: (one: AuditEvent) => boolean) => chainedAudit(mock.world).find(wanted)!
  const drawer = (page: Page) => page.getByRole('dialog', { name: 'Audit event' })
  const rows = (page: Page) => page.locator('table tbody tr[data-index]')

  test('a preset, a menu and a range ask the API in its own words, and the address says so', async () => {
    await using watched = await open('/audit')
    const { page, trouble } = watched
    await page.getByRole('button', { name: 'Failed sign-ins' }).click()
    await page.getByText('1 audit event').waitFor()
    expect(await rows(page).innerText()).toContain('mallory')
    expect(new URL(page.url()).searchParams.get('q')).toBe('action:login outcome:refused')
    await page.getByRole('button', { name: 'Failed sign-ins', pressed: true }).click()
    for (const [key, value] of [
      ['resource type', 'user'],
      ['actor type', 'user'],
      ['source', 'cli'],
      ['username', 'eli'],
      ['organization', 'default'],
    ] as const) {
      await page.getByRole('button', { name: `Filter by ${key}` }).click()
      await page.getByRole('menuitemradio', { name: value, exact: true }).click()
    }
    await page.getByRole('button', { name: 'Time range' }).click()
    await page.getByRole('menuitemradio', { name: 'Last 30 days' }).click()
    const asked = () => mock.asked.findLast((path) => path.startsWith('/api/v2/audit?'))?.replaceAll('+', ' ') ?? ''
    await expect
      .poll(() => new URL(asked(), mock.url).searchParams.get('q'))
      .toMatch(
        /^resource_type:user actor_type:user source:cli username:eli organization:default date_from:[\d-]+T[\d:.]+Z$/,
      )
    await page.getByRole('button', { name: 'Remove source:cli' }).click()
    await expect.poll(() => page.url()).not.toContain('source:cli')
    expect(trouble).toEqual([])
  })

  test('a key that the API does not know is said in place, and what was shown stays', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/audit')
    await rows(page).first().waitFor()
    await page.getByRole('combobox').fill('colour:red')
    await page.getByText('there is no key colour').waitFor()
    expect(await rows(page).count()).toBe(100)
  })

  test('an event opens beside its list, is gone through by keys, and gives the focus back', async () => {
    await using watched = await open('/audit?q=action:read_content')
    const { page, trouble } = watched
    const link = rows(page).first().getByRole('link')
    await link.focus()
    await page.keyboard.press('Enter')
    await drawer(page).getByRole('heading', { name: 'Read content: search eli, dana' }).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('j')
    await drawer(page).getByRole('heading', { name: 'Read content: session eli' }).waitFor()
    expect(page.url()).toContain(
      `event=${event(({ resource_type, action }) => action === 'read_content' && resource_type === 'session').id}`,
    )
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await drawer(page).getByRole('heading', { name: 'Read content: search eli, dana' }).waitFor()
    await page.keyboard.press('Escape')
    await drawer(page).waitFor({ state: 'detached' })
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(new URL(page.url()).search).toBe('?q=action:read_content')
    await page.keyboard.press('Enter')
    await drawer(page).waitFor()
    await page.goBack()
    await drawer(page).waitFor({ state: 'detached' })
    expect(trouble).toEqual([])
  })

  test('an event is opened by its address wherever it stands, and what belongs to it is one step away', async () => {
    const grant = event(({ action }) => action === 'assign_roles')
    await using watched = await open(`/audit?q=action:export&event=${grant.id}`)
    const { page, trouble } = watched
    await drawer(page).getByText('internal audit, ticket 4711', { exact: true }).waitFor()
    expect(await drawer(page).locator('ins').allInnerTexts()).toEqual(['+\nauditor', '+\ncontent-reviewer'])
    await drawer(page)
      .getByRole('button', { name: /login: user ava/ })
      .first()
      .click()
    await drawer(page).getByRole('heading', { name: 'Login: user ava' }).waitFor()
    expect(await drawer(page).evaluate((element) => element.contains(document.activeElement))).toBe(true)
    await drawer(page)
      .getByRole('button', { name: /^Show all \d+ in the list/ })
      .click()
    await drawer(page).waitFor({ state: 'detached' })
    expect(await page.getByRole('combobox').isVisible()).toBe(true)
    expect(new URL(page.url()).searchParams.get('q')).toBe(`resource_type:user resource_id:${grant.resource_id}`)

    await page.goto('/audit?event=0197f3a2-0000-7000-8000-0000000000ff')
    await drawer(page).getByText('There is no such event').waitFor()
    await page.keyboard.press('Escape')
    await drawer(page).waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe('/audit')
    expect(trouble).toEqual([])
  })

  test('of a secret it is told that there is one, and nothing that an event says comes alive', async () => {
    const created = event(({ resource_target, resource_type }) => resource_type === 'user' && resource_target === 'eli')
    await using watched = await open(`/audit?event=${created.id}`)
    const { page, trouble } = watched
    await drawer(page).getByText('set, a secret', { exact: true }).waitFor()
    expect(await drawer(page).getByRole('table').innerText()).not.toContain('[secret]')

    await page.goto('/audit?q=resource_type:group')
    await rows(page).first().getByRole('link').click()
    const hostile = chainedAudit(mock.world).filter(({ resource_type }) => resource_type === 'group')
    for (const one of hostile.toReversed()) {
      await expect.poll(() => page.url()).toContain(one.id)
      await page.keyboard.press('j')
    }
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await page.evaluate(() => '__owned' in window)).toBe(false)
    expect(trouble).toEqual([])
  })

  test('an export is a file of what is filtered, and on record with its reason', async () => {
    await using watched = await open('/audit?q=resource_type:api_key')
    const { page, trouble } = watched
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Export the audit log' })
    await dialog.getByText('2 events, oldest first').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await dialog.getByLabel('Format').selectOption('csv')
    await dialog.getByLabel('Reason').fill("the auditor's request")
    expect(await dialog.getByLabel('Command', { exact: true }).innerText()).toBe(
      `reeve audit export --out audit.csv --format csv --filter resource_type:api_key --reason 'the auditor'\\''s request'`,
    )
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    ])
    expect((await readFile(await download.path(), 'utf8')).trim().split('\n')).toHaveLength(2)
    await page.getByRole('button', { name: 'Show the exports on record' }).click()
    // What was shown before stays until this is here.
    await rows(page)
      .filter({ hasText: /export/ })
      .first()
      .getByRole('link')
      .click()
    await drawer(page).getByText("the auditor's request", { exact: true }).waitFor()
    expect(trouble).toEqual([])
  })

  test('the rows are verified here, against a checkpoint that is verified here', async () => {
    await using watched = await open('/audit')
    const { page, trouble } = watched
    const strip = page.getByRole('region', { name: 'Integrity' })
    const last = chainedAudit(mock.world).length
    await strip
      .getByText(`Events ${last - 99} to ${last - 2} verified in this browser · 2 newer not signed yet`)
      .waitFor()
    await page.getByRole('button', { name: 'Load more' }).click()
    await strip.getByText(`Events 1 to ${last - 2} verified in this browser`).waitFor()
    await strip.getByRole('button', { name: 'Verify it yourself' }).click()
    await page.getByRole('dialog').getByText('reeve audit verify audit.jsonl --key reeve/mock/audit+').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Role grants' }).click()
    await strip.getByRole('button', { name: 'Show the whole log' }).click()
    await strip.getByText('verified in this browser').waitFor()
    expect(trouble).toEqual([])
  })

  test('what somebody changed is named, and what is not signed is not called verified', async () => {
    const read = event(({ resource_target }) => resource_target === 'mallory')
    for (const [change, words] of [
      [(text: string) => text.replace('203.0.113.66', '203.0.113.67'), `Event ${read.seq} is not what was recorded`],
      [(text: string) => text.replace('number 8812', 'number 8813'), 'signature of the checkpoint is not genuine'],
    ] as const) {
      await using watched = await openPage(browser, mock.url)
      const { page } = watched
      await signIn(page)
      await page.route(/\/api\/v2\/audit(?:\/chain)?(?:\?|$)/, async (route) => {
        const answer = await route.fetch()
        await route.fulfill({ response: answer, body: change(await answer.text()) })
      })
      await page.goto('/audit')
      await page.getByRole('region', { name: 'Integrity' }).getByText(words).waitFor()
      expect(await page.getByText('verified in this browser').count()).toBe(0)
    }
  })
})

import { systemClock } from '@reeve/base'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boundariesOf } from '../../dashboard/mock-api/boundary-handlers.ts'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'
import { choose, dialogCloses, dialogOpens, fill, nothingForAxe, press, reach } from './keys.ts'

/** What agents were denied, by keyboard alone: why, asked for, decided about, and written into a policy. */
describe.skipIf(noBrowser !== null)('boundaries', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { sessions: 6, events: 40 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })
  const known = () => boundariesOf(mock)
  const denialAt = (host: string) => known().events.find(({ net, denial }) => net?.host === host && denial !== null)!

  /** Goes to the first row of the list with j, as everywhere. */
  async function firstRow(page: Page): Promise<void> {
    await page.locator('tbody a').first().waitFor()
    await page.keyboard.press('j')
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('tr') !== null)).toBe(true)
  }

  test('a denial explains itself beside its list, and is asked for from there', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'light' })
    const { page, trouble } = watched
    await signIn(page, 'eli@example.com')
    const { denial } = known().events.find(
      ({ net, owner, denial: one }) =>
        net?.host === 'telemetry.example.com' && owner.username === 'eli' && one !== null,
    )!
    await page.goto(`/network?q=denial:${denial}`)
    await firstRow(page)
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Decision')
    await page.getByRole('cell', { name: 'another host' }).first().waitFor()
    await nothingForAxe(page, 'an explained denial')
    await press(page, 'Ask for access')
    await dialogOpens(page, 'Ask for access')
    await fill(page, 'What is it for?', 'the usage of our own build')
    await choose(page, 'For', 'one person')
    await nothingForAxe(page, 'asking for access')
    // Escape closes what was opened last, and nothing below it.
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Ask for access' }).waitFor({ state: 'detached' })
    expect(await page.getByRole('dialog', { name: 'Decision' }).count()).toBe(1)
    await press(page, 'Ask for access')
    await fill(page, 'What is it for?', 'the usage of our own build')
    await press(page, 'Ask')
    await page.getByText('and not decided yet').waitFor()
    expect(known().requests[0]).toMatchObject({ denial, status: 'pending', scope: 'session', duration_seconds: 86_400 })
    await page.keyboard.press('Escape')
    await dialogCloses(page)
    expect(trouble).toEqual([])
  })

  test('requests are decided about with one key each, and nobody decides about his own', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/access-requests')
    await page.getByText('terraform init needs').waitFor()
    const of = (host: string) =>
      known().requests.find(({ what, status }) => what.includes(host) && status === 'pending')
    const row = (host: string) => page.locator('tbody tr', { hasText: host }).getByRole('link').focus()
    const own = of('api.openai.com')
    await row('api.openai.com')
    await page.keyboard.press('a')
    expect(await page.locator('dialog[open]').count()).toBe(0)

    await row('registry.terraform.example')
    await page.keyboard.press('t')
    await dialogOpens(page, 'Approve for another time')
    await nothingForAxe(page, 'approving for another time')
    await choose(page, 'How long', '1 hour')
    await press(page, 'Approve')
    await dialogCloses(page)
    await page.getByText('registry.terraform.example').first().waitFor({ state: 'detached' })
    expect(known().requests.find(({ reason }) => reason.startsWith('terraform'))).toMatchObject({
      status: 'approved',
      duration_seconds: 3600,
    })

    await row('pastebin.com')
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Access request')
    await page.getByText('Anybody can put things there').waitFor()
    await nothingForAxe(page, 'one access request')
    await page.keyboard.press('d')
    await dialogOpens(page, 'Decline')
    await fill(page, 'Why not, and what to do instead', 'Attach it to the issue instead.')
    await press(page, 'Decline')
    await page.getByText('Attach it to the issue instead.').waitFor()
    expect(own?.status).toBe('pending')
    expect(trouble).toEqual([])
  })

  test('a rule is written for a denial, tried, and published with what changes in sight', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'light' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/network?event=${denialAt('telemetry.example.com').denial}`)
    await press(page, 'Write a rule for it')
    await dialogOpens(page, 'Add a rule')
    await nothingForAxe(page, 'a rule in its form')
    await press(page, 'Write it into the text')
    await dialogCloses(page)
    await page.getByText('telemetry-example-com').first().waitFor()
    await page.getByText('Changed, not published.').waitFor()
    await nothingForAxe(page, 'a policy that was changed')

    await fill(page, 'A request or a command', 'GET https://telemetry.example.com/v1/t')
    await press(page, 'Try it')
    await page.getByRole('cell', { name: 'another method' }).waitFor()
    await press(page, 'What would it change?')
    await page.getByText('would change').waitFor()
    await nothingForAxe(page, 'a request that was tried')

    // Another page and back: the draft is there still.
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    await page.getByRole('link', { name: 'team-web' }).click()
    await page.getByText('Changed, not published.').waitFor()
    await reach(page, 'Publish', true)
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Publish version 4')
    await fill(page, 'What changes, and why', 'telemetry of our own build')
    await nothingForAxe(page, 'publishing')
    await press(page, 'Publish')
    await dialogCloses(page)
    await page.getByText('As published in version 4.').waitFor()
    expect(known().policies[1]?.versions[0]).toMatchObject({ version: 4, message: 'telemetry of our own build' })
    expect(known().policies[1]?.versions[0]?.document).toContain(
      '# Reading only: what is pushed goes through a person.',
    )
    expect(trouble).toEqual([])
  })

  test('a text that cannot be published says where and why, and a failing test holds it back', async () => {
    await using watched = await openPage(browser, mock.url, { colorScheme: 'dark' })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/policies/floor')
    const area = page.getByLabel('The policy as text')
    await area.waitFor()
    const text = await area.inputValue()
    const publish = page.getByRole('button', { name: 'Publish', exact: true })
    await area.fill(text.replace('expect: deny, rule: no-direct-models', 'expect: allow'))
    await page.getByText('1 test fails.').waitFor()
    expect(await publish.isDisabled()).toBe(true)
    await area.fill(text.replace('host: [api.openai.com', 'hosts: [api.openai.com'))
    await page.getByText('The text cannot be read as it stands').waitFor()
    await nothingForAxe(page, 'a text that cannot be read')
    await page.getByRole('button', { name: 'line 8' }).first().click()
    expect(await area.evaluate((node) => node === document.activeElement)).toBe(true)
    await page.getByRole('button', { name: 'Drop my changes' }).click()
    await page.getByText('As published in version 1.').waitFor()
    expect(trouble).toEqual([])
  })

  test('what agents did is text, whatever stands in it, and an outage is said in place', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    await page.goto('/network?q=host:xn--evil-loa.example')
    await firstRow(page)
    await page.keyboard.press('Enter')
    await dialogOpens(page, 'Decision')
    await page.getByText('Started by').waitFor()
    const found = await page.evaluate(() => ({
      owned: Object.keys(window).filter((name) => name.startsWith('__owned')),
      foreign: document.querySelectorAll('main :is(img, script, iframe, style), dialog :is(img, script, iframe)')
        .length,
      sideways: document.documentElement.scrollWidth - innerWidth,
    }))
    expect(found).toEqual({ owned: [], foreign: 0, sideways: 0 })
    mock.failing = '/boundaries/policies'
    await page.goto('/policies')
    await page.getByText('The policies could not be read').waitFor()
    mock.failing = null
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('link', { name: 'team-web' }).waitFor()
  })
})

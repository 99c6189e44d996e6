import { systemClock } from '@reeve/base'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, human, result, say, seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { addRequest, endRequest, newSession } from '../../dashboard/mock-api/story.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('live views', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
  })
  beforeEach(async () => {
    const started = await startMock({ world: seedWorld(systemClock.now(), { sessions: 40, events: 40 }) })
    mock = started
    return () => started[Symbol.asyncDispose]()
  })
  afterAll(() => browser?.close())

  function beginSession(prompt: string): void {
    const { initiator } = mock.world.sessions.at(-1)!.session
    const session = newSession(systemClock.now(), initiator, 'Claude Code', '2.1.44')
    addRequest(session, { model: 'claude-opus-4-8', seconds: 1, said: [human(prompt), say('Done.')] })
    mock.world.sessions.push(session)
    mock.changed(session.session.id)
  }

  test('new sessions are counted and never move what is being read', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/sessions')
    await page.getByText('live', { exact: true }).last().waitFor()
    const first = page.locator('tbody tr').first()
    await first.waitFor()
    const link = first.locator('a')
    const before = await link.getAttribute('href')
    beginSession('Something new one')
    beginSession('Something new two')
    const bar = page.getByRole('button', { name: '2 new · show' })
    await bar.waitFor()
    expect(await link.getAttribute('href')).toBe(before)
    await page.keyboard.press('.')
    await page.getByText('Something new two').waitFor()
    await bar.waitFor({ state: 'detached' })
    expect(trouble).toEqual([])
  })

  test('a session that is running grows where it is read, and says when it is over', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    const live = mock.world.sessions.at(-1)!
    await page.goto(`/sessions/${live.session.id}`)
    await page.getByText('still running').waitFor()
    await page.getByText('waiting for the model').waitFor()
    const open = live.interceptions.at(-1)!
    endRequest(live, open, systemClock.now(), [say('It is through now.'), call('Bash', { command: 'date' }, 'w9')])
    addRequest(live, { model: open.model, seconds: 1, said: [result('Bash', 'w9', 'Fri'), say('All eight are up.')] })
    mock.changed(live.session.id)
    await page.getByText('All eight are up.').waitFor()
    await page.getByText('still running').waitFor({ state: 'detached' })
    await page.getByText('It is through now.').waitFor()
    expect(trouble).toEqual([])
  })

  test('the first request turns the waiting page into its timeline', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/connect')
    await page.getByText('Waiting for the first request').waitFor()
    await expect.poll(() => mock.asked.filter((path) => path.includes('initiator')).length).toBeGreaterThan(0)
    beginSession('Hello from the first one')
    await page.getByText('Received from').waitFor()
    await page.waitForURL('**/sessions/*')
    await page.getByText('Hello from the first one').waitFor()
  })

  test('what cannot be read says so in place, keeps what was there, and comes back', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page } = watched
    await signIn(page)
    mock.failing = '/aibridge/sessions'
    await page.goto('/sessions')
    await page.getByRole('alert').getByText('The sessions could not be read').waitFor({ timeout: 60_000 })
    await page.getByText('request 0197f3a2-mock').waitFor()
    mock.failing = null
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.locator('tbody a').first().waitFor()
  })

  test('a member sees nothing of administration, and is told that the list is their own', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page, 'eli@example.com')
    await page.goto('/sessions?q=no-such-words')
    await page.getByText('You see your own sessions').waitFor()
    expect(await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents()).toEqual(
      expect.not.arrayContaining([expect.stringContaining('People')]),
    )
  })

  test('a token is shown once, and revoked only by its name', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto('/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    await page.getByLabel('Name').fill('laptop')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('is taken').waitFor()
    await page.getByLabel('Name').fill('new-laptop')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    const shown = page.getByLabel('The new token', { exact: true })
    await shown.waitFor()
    expect(await shown.textContent()).toMatch(/^rv_/)
    await page.getByRole('button', { name: 'Done' }).click()
    expect(await page.content()).not.toContain('s3cr3t')
    await page.getByRole('button', { name: 'Revoke new-laptop' }).click()
    const revoke = page.getByRole('button', { name: 'Revoke', exact: true })
    expect(await revoke.isDisabled()).toBe(true)
    await page.getByLabel('Type new-laptop to confirm').fill('new-laptop')
    await revoke.click()
    await page.getByText('new-laptop', { exact: true }).waitFor({ state: 'detached' })
  })
})

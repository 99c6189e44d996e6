import { systemClock } from '@reeve/base'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../../cli/src/testing.ts'
import { testBoundary, web } from '../support/boundary-lines.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { launch, noBrowser, openPage } from './browser.ts'
import { signInByKeyboard } from './journey.ts'
import { dialogOpens, fill, nothingForAxe, press } from './keys.ts'

/** The console and the command line on what a real server makes of a boundary's record. */
describe.skipIf(noBrowser !== null)('boundaries of a real server', () => {
  let browser: Browser
  let server: RunningServer
  let eli: string

  beforeAll(async () => {
    browser = await launch()
    server = await startServer()
    const account = { username: 'eli', email: 'eli@example.com', password: 'correct horse battery' }
    expect((await server.api('POST', '/api/v2/users', account)).status).toBe(201)
    const { email, password } = account
    eli = (await server.api('POST', '/api/v2/users/login', { email, password })).json.session_token
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  test('a denial is explained, asked for, approved in the console, and comes back as a grant', async () => {
    const boundary = testBoundary(systemClock)
    const registration = {
      id: boundary.id,
      client_version: '0.1.0',
      command: 'claude',
      hostname: 'build-bot',
      tier: 1,
      jail: 'namespaces',
      kernel: '6.12',
      public_key: boundary.publicKey,
      started_at: systemClock.now().toISOString(),
    }
    const registered = await server.api('POST', '/api/v2/boundaries/sessions', registration, eli)
    expect(registered.status).toBe(201)
    const denial = 'dny_7Q2M4K9XTRBW5E8HN3VYZ6CAGS'
    const events = boundary.next(
      web('https://npm.mirror.corp/left-pad'),
      web('https://registry.terraform.example/v1/providers', { verdict: 'denied', denial }),
    )
    const path = `/api/v2/boundaries/sessions/${boundary.id}`
    expect((await server.api('POST', `${path}/events`, { events }, eli)).json).toEqual({ acknowledged_seq: 1 })

    const asEli = { env: { REEVE_URL: server.url, REEVE_SESSION_TOKEN: eli } }
    const explained = await runCli(['explain', denial], asEli)
    expect(explained, explained.stderr).toMatchObject({ code: 0 })
    expect(explained.stdout).toContain('GET https://registry.terraform.example/v1/providers')
    expect(explained.stdout).toContain(`reeve access request ${denial}`)
    const asked = await runCli(['access', 'request', denial, '--for', '1h', '--reason', 'the provider index'], asEli)
    expect(asked, asked.stderr).toMatchObject({ code: 0 })

    await using watched = await openPage(browser, server.url, { colorScheme: 'light', expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    await page.goto('/network?q=verdict:denied')
    await page.getByText('registry.terraform.example').first().waitFor()
    await page.getByRole('img', { name: /^Denials over time: 1 denial/ }).waitFor()
    await nothingForAxe(page, 'decisions')
    await page.goto(`/network?event=${denial}`)
    await page.getByText('and not decided yet').waitFor()
    await page.goto(`/network?event=${(await server.api('GET', '/api/v2/boundaries/events')).json.events[0].id}`)
    await dialogOpens(page, 'Decision')
    await page.getByText('Started by').waitFor()
    await page.goto('/network?view=destinations')
    await page.getByText('npm.mirror.corp').waitFor()
    await page.goto('/network?view=rules')
    await page.getByText('default').first().waitFor()

    await page.goto('/access-requests')
    await page.getByText('the provider index').waitFor()
    await page.locator('tbody a').first().focus()
    await page.keyboard.press('a')
    await dialogOpens(page, 'Approve as asked')
    await press(page, 'Approve')
    await page.getByText('Nothing waits to be decided').waitFor()
    const { bundle } = (await server.api('GET', `${path}/policy`, undefined, eli)).json
    const scopes = JSON.parse(bundle.payload).layers.map(({ scope }: { scope: string }) => scope)
    expect(scopes).toContain('grant')
    expect((await runCli(['explain', denial], asEli)).stdout).toContain('the policy of now allows it')
    expect(trouble).toEqual([])
  })

  test('a policy is written, published, tried and brought back', async () => {
    await using watched = await openPage(browser, server.url, { colorScheme: 'dark', expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    await signInByKeyboard(page, owner)
    await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    await page.goto('/policies')
    await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()
    await press(page, 'Write a policy')
    await dialogOpens(page, 'Write a policy')
    await fill(page, 'Name', 'team-web')
    await fill(page, 'Rules of an allow-list', 'domain=github.com method=GET path=/acme/*')
    await press(page, 'Write it')
    await page.getByText('As published in version 1.').waitFor()
    await nothingForAxe(page, 'a policy that was written')

    await press(page, 'Add a rule')
    await fill(page, 'Hosts', 'npm.mirror.corp')
    await fill(page, 'Methods', 'get')
    await press(page, 'Write it into the text')
    await page.getByText('npm-mirror-corp').first().waitFor()
    await fill(page, 'A request or a command', 'POST https://npm.mirror.corp/left-pad')
    await press(page, 'Try it')
    await page.getByRole('cell', { name: 'another method' }).waitFor()
    await press(page, 'What would it change?')
    await page.getByText('would change').waitFor()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await dialogOpens(page, 'Publish version 2')
    await fill(page, 'What changes, and why', 'the mirror of npm')
    await press(page, 'Publish')
    await page.getByText('As published in version 2.').waitFor()

    await page.goto('/network?view=rules&from=-7d')
    await page.getByRole('row', { name: /npm-mirror-corp.*never in this time/ }).waitFor()
    await page.goto('/policies/team-web')
    await page.getByRole('button', { name: 'Versions' }).click()
    await page.getByText('the mirror of npm').waitFor()
    await press(page, 'Go back to it')
    await dialogOpens(page, 'Go back to version 1')
    await press(page, 'Publish')
    await page.getByText('the text of version 1').waitFor()
    await press(page, 'Take the policy out of force')
    await dialogOpens(page, 'Take out of force team-web')
    await nothingForAxe(page, 'taking a policy out of force')
    await fill(page, 'Type team-web to confirm', 'team-web')
    await press(page, 'Take out of force')
    await page.getByText('There is no policy yet').waitFor()
    expect(trouble).toEqual([])
  })
})

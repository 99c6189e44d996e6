import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { launch, noBrowser, openPage, type WatchedPage } from './browser.ts'
import { signInByKeyboard } from './journey.ts'
import { choose, dialogCloses, dialogOpens, fill, goTo, nothingForAxe, press, reach } from './keys.ts'

/** Where events go, what is held and what secrets are sealed with: set up on a real server with no mouse at all. */
describe.skipIf(noBrowser !== null)('sinks, holds and keys without a mouse', () => {
  let browser: Browser
  let server: RunningServer

  beforeAll(async () => {
    browser = await launch()
    server = await startServer()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function signedIn(colorScheme: 'light' | 'dark'): Promise<WatchedPage> {
    const watched = await openPage(browser, server.url, { colorScheme, expectRefusals: true })
    await watched.page.goto('/login')
    await signInByKeyboard(watched.page, owner)
    await watched.page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    return watched
  }

  const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  test('a sink is made, tested, sent to, turned off and on, changed and removed', async () => {
    await using receiver = await startReceiver()
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'l', 'Audit sinks')
    await sees(page, 'The audit log is sent nowhere')
    await nothingForAxe(page, 'no sinks')

    await press(page, 'Add a sink')
    await dialogOpens(page, 'Add a sink')
    await choose(page, 'Kind', 'signed')
    await nothingForAxe(page, 'making a sink')
    await fill(page, 'Name', 'Not A Name')
    await page.keyboard.press('Enter')
    await sees(page, /Is not a name/i)
    await nothingForAxe(page, 'a refused sink')
    await fill(page, 'Name', 'hook')
    await fill(page, 'Address', receiver.url)
    await press(page, /may be in a private network/, 'Space')
    await choose(page, 'Begin', 'with the first')
    await press(page, 'Add')
    await dialogOpens(page, 'The secret of hook')
    expect(await page.getByLabel('The new secret', { exact: true }).textContent()).toMatch(/^whsec_/)
    await nothingForAxe(page, 'the secret')
    await press(page, 'Done')
    await dialogCloses(page)

    await sees(page, 'up to date')
    await expect.poll(() => receiver.taken()).toBeGreaterThan(1)
    await nothingForAxe(page, 'a sink')
    await press(page, 'Test hook')
    await sees(page, 'The receiver took the test event.')
    receiver.refuse(true)
    await press(page, 'Test hook')
    await sees(page, 'The test event was not taken:')
    await sees(page, /Not delivered/)
    await nothingForAxe(page, 'a failing sink')

    await press(page, 'Turn off hook')
    await sees(page, /off since/)
    await nothingForAxe(page, 'a sink that is off')
    receiver.refuse(false)
    await press(page, 'Turn on hook')
    await sees(page, 'up to date')

    await press(page, 'Edit hook')
    await dialogOpens(page, 'Edit hook')
    await press(page, 'Records of interceptions', 'Space')
    await press(page, 'Events of boundaries', 'Space')
    await choose(page, 'Form of the events', 'OCSF')
    await choose(page, 'Signing secret', 'stays')
    await nothingForAxe(page, 'changing a sink')
    await press(page, 'Save')
    await dialogCloses(page)
    await sees(page, 'OCSF')
    await sees(page, 'audit events, records without words and events of boundaries')
    await reach(page, 'Edit hook')

    await press(page, 'Remove hook')
    await dialogOpens(page, 'Remove hook')
    await nothingForAxe(page, 'removing a sink')
    await page.keyboard.type('hook')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await sees(page, 'The audit log is sent nowhere')
    expect(trouble).toEqual([])
  })

  test('a hold is refused without a reason, placed, read and released', async () => {
    await using watched = await signedIn('dark')
    const { page, trouble } = watched
    await goTo(page, 'h', 'Legal holds')
    await sees(page, 'Nothing is held')
    await nothingForAxe(page, 'no holds')
    await press(page, 'Place a hold')
    await dialogOpens(page, 'Place a hold')
    await fill(page, 'User', owner.username)
    await press(page, 'Count what it would cover')
    await sees(page, /requests in 0 sessions/)
    await page.getByLabel('User').focus()
    await page.keyboard.press('Enter')
    await sees(page, /must say why/i)
    await nothingForAxe(page, 'a refused hold')
    await fill(page, 'Reason', 'case 17')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Hold on ${owner.username}`, level: 1 }).waitFor()
    await sees(page, 'in force')
    await sees(page, 'What it keeps')
    await nothingForAxe(page, 'a hold')

    await press(page, 'Release')
    await dialogOpens(page, 'Release the hold')
    await page.keyboard.type('it is over')
    await nothingForAxe(page, 'releasing a hold')
    await page.keyboard.press('Enter')
    await dialogCloses(page)
    await sees(page, 'released')
    await sees(page, 'it is over')
    await goTo(page, 'h', 'Legal holds')
    await sees(page, 'case 17')
    await nothingForAxe(page, 'a released hold')
    expect(trouble).toEqual([])
  })

  test('a shorter time is tried before it is set, and waits until it is in force', async () => {
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'y', 'Retention')
    await sees(page, 'Nothing was removed yet')
    await press(page, 'Count it')
    await sees(page, 'Nothing would go')
    await nothingForAxe(page, 'retention')
    await press(page, 'Change Content of default')
    await dialogOpens(page, 'Content of default')
    await page.getByLabel('Keep', { exact: true }).selectOption('days')
    await fill(page, 'Days', '0.5')
    await page.keyboard.press('Enter')
    await sees(page, /expected int/i)
    await fill(page, 'Days', '30')
    await press(page, 'Count what would go')
    await sees(page, 'Nothing would go')
    await nothingForAxe(page, 'a policy')
    await press(page, 'Set')
    await dialogCloses(page)
    await sees(page, '30 days from')
    await nothingForAxe(page, 'a policy that is not in force yet')
    expect(trouble).toEqual([])
  })

  test('the key that Reeve made is changed, and the page says what is sealed with which', async () => {
    await using watched = await signedIn('light')
    const { page, trouble } = watched
    await goTo(page, 'e', 'Encryption')
    const keys = page.getByRole('table', { name: 'Keys' })
    await keys.getByText('seals').waitFor()
    expect(await keys.getByText('can be removed').count()).toBe(0)
    await nothingForAxe(page, 'encryption')
    await press(page, 'Change the key')
    await dialogOpens(page, 'Change the key')
    await nothingForAxe(page, 'changing the key')
    await press(page, 'Make a new key')
    await dialogCloses(page)
    await keys.getByText('can be removed').waitFor()
    expect(await keys.getByText('seals').count()).toBe(1)
    await nothingForAxe(page, 'two keys')
    expect(trouble).toEqual([])
  })
})

/** Takes events, or refuses them for a while. */
async function startReceiver() {
  let taken = 0
  let refusing = false
  const server = createServer((req, res) => {
    req.resume().on('end', () => {
      if (!refusing) taken++
      res.writeHead(refusing ? 503 : 204).end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/audit`,
    taken: () => taken,
    refuse: (is: boolean) => void (refusing = is),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

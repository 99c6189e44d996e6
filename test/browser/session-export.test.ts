import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '@reeve/base'
import type { Browser } from 'playwright-core'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { launch, noBrowser, openPage, signIn } from './browser.ts'
import { choose, dialogCloses, dialogOpens, fill, nothingForAxe, press } from './keys.ts'

describe.skipIf(noBrowser !== null)('sessions as a file, without a mouse', () => {
  let browser: Browser
  let mock: MockDeployment

  beforeAll(async () => {
    browser = await launch()
    mock = await startMock({ world: seedWorld(systemClock.now(), { events: 40 }) })
  })
  afterAll(async () => {
    await browser?.close()
    await mock?.[Symbol.asyncDispose]()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a list and one session are exported, with a reason for the words of others (${colorScheme})`, async () => {
      await using watched = await openPage(browser, mock.url, { colorScheme, acceptDownloads: true })
      const { page, trouble } = watched
      await signIn(page)
      await page.goto('/sessions?q=status:done')
      await press(page, 'Export')
      await dialogOpens(page, 'Export sessions')
      await nothingForAxe(page, 'an export')
      const command = page.getByLabel('Command', { exact: true })
      expect(await command.textContent()).toContain('--filter status:done')
      await choose(page, 'Content', 'Facts only')
      expect(await command.textContent()).toContain('--without-content')
      await fill(page, 'Reason', 'incident 7')
      await choose(page, 'Content', 'Everything')
      expect(await command.textContent()).toContain("--bodies --reason 'incident 7'")
      const began = page.waitForEvent('download')
      await press(page, 'Export')
      const saved = await began
      const { searchParams } = new URL(saved.url())
      expect(Object.fromEntries(searchParams)).toMatchObject({
        q: 'status:done',
        content: 'true',
        bodies: 'true',
        reason: 'incident 7',
      })
      await page.getByText('The browser is saving the file.').waitFor()
      await nothingForAxe(page, 'an export that has begun')
      await press(page, 'Done')
      await dialogCloses(page)

      const one = mock.world.sessions.at(-1)!.session.id
      await page.goto(`/sessions/${one}`)
      await press(page, 'Export')
      await dialogOpens(page, 'Export sessions')
      expect(await command.textContent()).toContain(`--filter session_id:${one}`)
      await page.keyboard.press('Escape')
      await dialogCloses(page)
      expect(trouble).toEqual([])
    })
  }
})

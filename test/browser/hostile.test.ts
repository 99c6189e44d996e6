import { systemClock } from '@reeve/base'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedWorld } from '../../dashboard/mock-api/seed.ts'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('content from elsewhere', () => {
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

  test('is text: it runs nothing, loads nothing and moves nothing, folded or not', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    const { session, interceptions } = mock.world.sessions.at(-3)!
    const paths = [
      '/sessions',
      `/sessions/${session.id}`,
      '/requests',
      ...interceptions.map(({ id }) => `/requests/${id}`),
    ]
    for (const path of paths) {
      await page.goto(path)
      await page
        .getByText(/<img|<script|not captured/)
        .first()
        .waitFor()
      const before = mock.asked.length
      for (let steps = 0; steps < 60; steps++) {
        await page.keyboard.press('j')
        if (steps % 3 === 0 && path.startsWith('/sessions/')) await page.keyboard.press('Enter')
      }
      expect(await accessibilityProblems(page), path).toEqual([])
      for (const button of await page.getByRole('button', { name: /more lines|more characters|folded · show/ }).all()) {
        await button.click({ timeout: 1000 }).catch(() => {})
      }
      const found = await page.evaluate(() => ({
        owned: Object.keys(window).filter((name) => name.startsWith('__owned')),
        polluted: 'polluted' in {},
        foreign: document.querySelectorAll(
          'main :is(img, script, iframe, style, math, object, embed, base, meta, form)',
        ).length,
        links: [...document.querySelectorAll('a')].filter((link) => new URL(link.href).origin !== location.origin)
          .length,
        invisible:
          (document.getElementById('main')?.textContent ?? '').match(
            /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
          )?.length ?? 0,
        sideways: document.documentElement.scrollWidth - innerWidth,
        title: document.title,
      }))
      expect(found, path).toMatchObject({ owned: [], polluted: false, foreign: 0, links: 0, invisible: 0, sideways: 0 })
      expect(found.title, path).toMatch(/ · Reeve$/)
      expect(
        mock.asked.slice(before).filter((asked) => !/^\/(?:api\/v2\/|assets\/|favicon\.svg$)/.test(asked)),
        path,
      ).toEqual([])
    }
    expect(trouble).toEqual([])
  })

  test('says what the capture level kept out instead of leaving an empty place', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page } = watched
    await signIn(page)
    await page.goto(`/requests/${mock.world.sessions.at(-3)!.interceptions[2]!.id}`)
    await page.getByText('not captured · 812 B kept out by the capture level').waitFor()
  })

  test('that asks for something elsewhere is noticed by these tests, and reaches nobody', async () => {
    await using watched = await openPage(browser, mock.url, { bypassCSP: true, expectRefusals: true })
    const { page, trouble } = watched
    await page.goto('/login')
    const beacons = ['http://beacon.example/a', 'http://192.0.2.7/b']
    const ends = await page.evaluate(
      (all) =>
        Promise.all(
          all.map((one) =>
            fetch(one, { mode: 'no-cors' }).then(
              () => 'reached',
              () => 'failed',
            ),
          ),
        ),
      beacons,
    )
    expect(ends).toEqual(['failed', 'failed'])
    expect(trouble).toEqual(expect.arrayContaining(beacons.map((one) => `off-origin: ${one}`)))
  })

  test('cannot lead the sign-in to another site', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    for (const to of [
      'https://beacon.example/',
      '//beacon.example/',
      '/\\beacon.example',
      'javascript:window.__owned=1',
    ]) {
      await page.context().clearCookies()
      await page.goto(`/login?${new URLSearchParams({ to })}`)
      await page.getByLabel('E-mail').fill('dana@example.com')
      await page.getByLabel('Password').fill('correct horse battery')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
    }
    expect(trouble).toEqual([])
  })
})

import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** What somebody does first, with the mouse put away: the same walk against seeded data and against a real server. */

export interface Newcomer {
  readonly username: string
  readonly email: string
  readonly password: string
}

/** Creates the first owner by keyboard and ends where the next step is shown. */
export async function setUp(page: Page, path: string, who: Newcomer): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { name: 'Create the first owner' }).waitFor()
  await expect.poll(() => focusedName(page)).toBe('username')
  await page.keyboard.type(who.username)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type(who.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(who.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Connect an agent' }).waitFor()
}

export async function signInByKeyboard(page: Page, who: Newcomer): Promise<void> {
  await expect.poll(() => focusedName(page)).toBe('email')
  await page.keyboard.type(who.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(who.password)
  await page.keyboard.press('Enter')
}

/** From the list of sessions into the first one and down to a tool call, which it unfolds. */
export async function readFirstToolCall(page: Page): Promise<string> {
  await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
  await page.locator('tbody a[href^="/sessions/"]').first().waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('feed').waitFor()
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press('j')
    const name = await settledName(page, steps)
    if (name.includes('tool call')) {
      expect(await hasVisibleFocus(page)).toBe(true)
      await page.keyboard.press('Enter')
      return name
    }
  }
  throw new Error('no tool call within forty events')
}

/** The name of the event that has the focus, once it is the one of this step. */
async function settledName(page: Page, steps: number): Promise<string> {
  const at = () =>
    page.evaluate(() => Number(document.activeElement?.closest('article')?.getAttribute('aria-posinset') ?? 0))
  await expect.poll(at).toBe(steps + 1)
  return await page.evaluate(() => document.activeElement?.closest('article')?.getAttribute('aria-label') ?? '')
}

const focusedName = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('name'))

const hasVisibleFocus = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const focused = document.activeElement
    if (focused === null || focused === document.body) return false
    const { top, bottom } = focused.getBoundingClientRect()
    const { outlineStyle, outlineWidth } = getComputedStyle(focused)
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && bottom > 0 && top < innerHeight
  })

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityProblems } from './browser.ts'

/** A person with a keyboard and nothing else: goes from stop to stop, sees where he is, and presses. */

/** Goes on with Tab until the focus is on what has this name, and sees it there. */
export async function reach(page: Page, name: string | RegExp, back = false): Promise<void> {
  const passed: string[] = []
  for (let steps = 0; steps < 250; steps++) {
    const here = await focused(page)
    if (typeof name === 'string' ? here.name === name : name.test(here.name)) {
      // The browser scrolls to it with the next frame.
      await expect
        .poll(async () => (await focused(page)).visible, {
          message: `the focus on ${here.name} is seen`,
        })
        .toBe(true)
      return
    }
    passed.push(here.name)
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
  }
  throw new Error(`${String(name)} is not reached with Tab; passed: ${[...new Set(passed)].join(' | ')}`)
}

/** Reaches a button, link or box and presses it. */
export async function press(page: Page, name: string | RegExp, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await reach(page, name)
  await page.keyboard.press(key)
}

/** Reaches a field and writes into it, instead of what was there. */
export async function fill(page: Page, name: string | RegExp, text: string): Promise<void> {
  await reach(page, name)
  await page.keyboard.press('Control+a')
  await page.keyboard.type(text)
}

/** Reaches a list of choices and takes the one that begins like this, by typing its beginning. */
export async function choose(page: Page, name: string | RegExp, start: string): Promise<void> {
  await reach(page, name)
  await page.keyboard.type(start)
  const chosen = () =>
    page.evaluate(() =>
      document.activeElement instanceof HTMLSelectElement
        ? (document.activeElement.selectedOptions[0]?.textContent ?? '')
        : '',
    )
  await expect.poll(async () => (await chosen()).toLowerCase().startsWith(start.toLowerCase())).toBe(true)
}

/** Waits until the dialog is open (or closed), and then for where the focus is. */
export async function dialogOpens(page: Page, title: string | RegExp): Promise<void> {
  await page.getByRole('dialog', { name: title }).waitFor()
  expect(await page.evaluate(() => document.activeElement?.closest('dialog') !== null), 'the focus is in it').toBe(true)
}

/** A dialog has closed, and the focus is where the keyboard goes on from: never lost to the window. */
export async function dialogCloses(page: Page): Promise<void> {
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
  // It is given back with the frame after.
  const isLost = () => page.evaluate(() => document.activeElement === document.body)
  await expect.poll(isLost, { message: 'the focus is lost' }).toBe(false)
}

/** What is being read again is dimmed for that moment, which is no state to judge. */
export async function nothingForAxe(page: Page, state: string): Promise<void> {
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
  expect(await accessibilityProblems(page), state).toEqual([])
}

/** `g` and a letter, as the rail says it. */
export async function goTo(page: Page, letter: string, heading: string): Promise<void> {
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
}

/** What has the focus: its accessible name as a person would hear it, and whether the focus can be seen on it. */
const focused = (page: Page): Promise<{ name: string; visible: boolean }> =>
  page.evaluate(() => {
    const at = document.activeElement
    if (at === null || at === document.body) return { name: '', visible: false }
    const label = at instanceof HTMLInputElement || at instanceof HTMLSelectElement || at instanceof HTMLTextAreaElement
    const text = (label ? at.labels?.[0]?.textContent : null) ?? at.textContent ?? ''
    const name = (at.getAttribute('aria-label') ?? text).replaceAll(/\s+/g, ' ').trim()
    // The query bar shows the focus of its input around the whole of it.
    const shown = [at, at.parentElement!].some((one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1
    })
    const { top, bottom, width } = at.getBoundingClientRect()
    return { name, visible: shown && width > 0 && bottom > 0 && top < innerHeight }
  })

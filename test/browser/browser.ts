import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { type Browser, type BrowserContextOptions, type CDPSession, chromium, type Page } from 'playwright-core'
import { whySkipped } from '../support/why-skipped.ts'

/** Debian's Chromium and the built console, watched: whatever a page does that it should not is written down. */

const repository = resolve(import.meta.dirname, '../..')
const executablePath = process.env['REEVE_TEST_CHROMIUM'] ?? '/usr/bin/chromium'

/** Why the tests in a browser cannot run here; null when they can. */
export const noBrowser: string | null = whySkipped(
  'everything in a browser',
  existsSync(executablePath)
    ? null
    : `there is no ${executablePath}: install chromium, or name another one in REEVE_TEST_CHROMIUM`,
)

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever a page asks elsewhere is noted below, and goes nowhere.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

export async function launch(): Promise<Browser> {
  execFileSync('sh', [join(repository, 'scripts/build-dashboard.sh')])
  return await chromium.launch({ executablePath, args })
}

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page
  /** Requests to anywhere but the deployment, errors in the console, violations of the content policy, dialogs. */
  readonly trouble: string[]
}

export interface PageOptions extends BrowserContextOptions {
  /** Where nobody is signed in the browser logs each 401 as an error. */
  readonly expectRefusals?: boolean
}

export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<WatchedPage> {
  const { expectRefusals = false, ...rest } = options
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...rest,
  })
  // As everywhere else in the tests: a busy machine takes its time.
  context.setDefaultTimeout(60_000)
  const trouble: string[] = []
  // Watched and not routed: routing turns the browser's cache off, and each page would load the whole console anew.
  context.on('request', (request) => {
    const wanted = new URL(request.url())
    if (wanted.origin !== url) trouble.push(`off-origin: ${wanted.href}`)
  })
  const page = await context.newPage()
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() !== 'error' || (expectRefusals && text.includes('the server responded with a status of 4')))
      return
    trouble.push(`console: ${text}`)
  })
  page.on('pageerror', (error) => trouble.push(`thrown: ${error.message}`))
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
    })
    // What a script drew for one theme would have to be judged in each.
    const { matchMedia } = window
    window.matchMedia = (query) => {
      if (query.includes('color-scheme')) console.error(`a script asks for the theme: ${query}`)
      return matchMedia.call(window, query)
    }
  })
  return { page, trouble, [Symbol.asyncDispose]: () => context.close() }
}

export const password = 'correct horse battery'

/** Signs in through the API into the browser's own cookie jar, as a page of ours would, and loads none. */
export async function signIn(page: Page, email = 'dana@example.com'): Promise<void> {
  const headers = { 'Sec-Fetch-Site': 'same-origin' }
  const answer = await page.request.post('/api/v2/users/login', { headers, data: { email, password } })
  const status = answer.status()
  if (status !== 201) throw new Error(`signing in answered ${status}`)
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** The rules of axe that look at colours; all others see the same in every theme. */
const aboutColours = ['color-contrast', 'link-in-text-block']

const debuggers = new WeakMap<Page, CDPSession>()

/** What axe finds against WCAG 2.0 to 2.2, A and AA. */
export async function accessibilityProblems(page: Page, rules: readonly string[] = wcag): Promise<string[]> {
  // Through the debugger: the content policy lets no script be added to the page.
  const session = debuggers.get(page) ?? (await page.context().newCDPSession(page))
  debuggers.set(page, session)
  const has = await session.send('Runtime.evaluate', { expression: `'axe' in window`, returnByValue: true })
  if (has.result.value !== true) await session.send('Runtime.evaluate', { expression: axeSource })
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `axe.run({ resultTypes: ['violations'], runOnly: ${JSON.stringify(rules)} }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160) + ' ' + (node.failureSummary ?? ''))))`,
    awaitPromise: true,
    returnByValue: true,
  })
  if (exceptionDetails !== undefined) throw new Error(`axe: ${exceptionDetails.exception?.description}`)
  return result.value
}

/**
 * What axe finds in the light theme and then in the dark one, of the same page. A theme is colours and nothing else, so
 * the dark one is asked about those: no script may ask which it is, and the sheet says it with `light-dark()`.
 */
export async function problemsInBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await accessibilityProblems(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await accessibilityProblems(page, aboutColours)
  return [...light.map((problem) => `light: ${problem}`), ...dark.map((problem) => `dark: ${problem}`)]
}

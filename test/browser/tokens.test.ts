import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MockDeployment, startMock } from '../../dashboard/mock-api/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

describe.skipIf(noBrowser !== null)('tokens and service accounts', () => {
  let browser: Browser
  let mock: MockDeployment
  beforeAll(async () => {
    browser = await launch()
  })
  beforeEach(async () => {
    mock = await startMock()
    return () => mock[Symbol.asyncDispose]()
  })
  afterAll(() => browser?.close())

  const account = () => mock.world.users.find(({ username }) => username === 'nightly-report')!
  const dialog = (page: Page) => page.getByRole('dialog')

  test('a wish that is refused is said beside its field, and what was filled in stays', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    await dialog(page).getByLabel('Name').fill('laptop')
    await dialog(page).getByLabel('Lifetime').selectOption('other')
    await dialog(page).getByLabel('Days').fill('400')
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
    await dialog(page).getByText('365 days at most', { exact: false }).last().waitFor()
    expect(await dialog(page).getByLabel('Days').getAttribute('aria-invalid')).toBe('true')
    await dialog(page).getByLabel('Days').fill('0.5')
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
    await dialog(page).getByText('Is taken').waitFor()
    expect(await dialog(page).getByLabel('Name').inputValue()).toBe('laptop')
    expect(await accessibilityProblems(page)).toEqual([])
    await dialog(page).getByLabel('Name').fill('half-a-day')
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
    await dialog(page).getByText('it is stored as a hash').waitFor()
    expect(mock.world.keys.at(-1)).toMatchObject({ token_name: 'half-a-day', lifetime_seconds: 43_200 })
    expect(trouble).toEqual([])
  })

  test('objects are added to the allow list and taken away, and none is every object', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    const add = dialog(page).getByRole('button', { name: 'Add an object' })
    await add.click()
    await add.click()
    await dialog(page).getByLabel('Kind of object 1').selectOption('workspace')
    await dialog(page).getByLabel('Id of object 1').fill('one')
    await dialog(page).getByRole('button', { name: 'Take object 2 away' }).click()
    expect(await add.evaluate((button) => button === document.activeElement)).toBe(true)
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
    await dialog(page).getByRole('button', { name: 'Done' }).click()
    expect(mock.world.keys.at(-1)).toMatchObject({
      scopes: ['gateway'],
      allow_list: [{ type: 'workspace', id: 'one' }],
    })
    await page.getByText('for 1 object').waitFor()
    expect(trouble).toEqual([])
  })

  test('everybody’s tokens are searched; who may not read them is not offered them', async () => {
    await using watched = await openPage(browser, mock.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/tokens?q=used:never')
    await page.getByRole('button', { name: 'Details of reporting' }).waitFor()
    expect(await page.getByRole('link', { name: 'Mine' }).getAttribute('aria-current')).toBe('page')
    await page.getByRole('link', { name: 'Everybody’s' }).click()
    await page.getByRole('button', { name: 'Revoke agent of eli' }).waitFor()
    await page.getByRole('button', { name: 'Filter by kind' }).click()
    await page.getByRole('menuitemradio', { name: 'service' }).click()
    await page.getByText('1 token', { exact: true }).waitFor()
    expect(new URL(page.url()).search).toBe('?of=everybody&q=kind:service')
    expect(await page.getByRole('link', { name: 'Everybody’s' }).getAttribute('aria-current')).toBe('page')
    await page.getByLabel('Also those that have ended').check()
    const wanted = '/api/v2/users/me/keys/tokens?q=kind%3Aservice&include_all=true&include_expired=true'
    await expect.poll(() => mock.asked).toContain(wanted)
    await page.getByRole('button', { name: 'Details of report' }).click()
    await dialog(page).getByText('audit_log:*').waitFor()

    await using other = await openPage(browser, mock.url, { expectRefusals: true })
    await signIn(other.page, 'eli@example.com')
    await other.page.goto('/tokens')
    await other.page.getByRole('button', { name: 'Details of agent' }).waitFor()
    expect(await other.page.getByRole('link', { name: 'Everybody’s' }).count()).toBe(0)
    await other.page.goto('/tokens?of=everybody')
    await other.page.getByText('only those who may read the tokens of everybody').waitFor()
    expect(await accessibilityProblems(other.page)).toEqual([])
    expect(trouble.concat(other.trouble)).toEqual([])
  })

  test('a member makes tokens for the account that he is responsible for, and changes nothing else of it', async () => {
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page, 'eli@example.com')
    await page.goto('/tokens')
    await page.getByRole('link', { name: 'odd-one' }).click()
    await page.getByText('It has no token.').waitFor()
    for (const name of ['Hand over', 'Suspend', 'Delete', 'Save roles']) {
      expect(await page.getByRole('button', { name }).count(), name).toBe(0)
    }
    await page.getByRole('button', { name: 'Create a token' }).click()
    await dialog(page).getByLabel('Name').fill('nightly')
    await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
    await dialog(page).getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Revoke nightly' }).waitFor()
    expect(mock.world.keys.at(-1)).toMatchObject({ username: 'odd-one', token_name: 'nightly' })
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('the address of a person leads to the account, which names who answers for it and that he is suspended', async () => {
    mock.world.users.find(({ username }) => username === 'eli')!.status = 'suspended'
    const odd = mock.world.users.find(({ username }) => username === 'odd-one')!
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/people/${odd.id}`)
    await page.waitForURL(`**/service-accounts/${odd.id}`)
    await page.getByRole('link', { name: 'eli' }).waitFor()
    await page.getByText('suspended').waitFor()
    await page.goto('/people')
    await page.getByRole('link', { name: 'ava', exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'odd-one' }).count()).toBe(0)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(trouble).toEqual([])
  })

  test('a suspended account gets no token until it is activated', async () => {
    account().status = 'suspended'
    await using watched = await openPage(browser, mock.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/service-accounts/${account().id}`)
    await page.getByRole('button', { name: 'Details of report' }).waitFor()
    expect(await page.getByRole('button', { name: 'Create a token' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Activate' }).click()
    await page.getByRole('button', { name: 'Create a token' }).waitFor()
    expect(account().status).toBe('active')
    expect(trouble).toEqual([])
  })
})

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { accessibilityProblems, launch, noBrowser, openPage, password, signIn } from './browser.ts'

/** Groups and organizations in a browser, by what the real server allows and refuses. */
describe.skipIf(noBrowser !== null)('groups and organizations', () => {
  let browser: Browser
  let server: RunningServer

  beforeAll(async () => {
    browser = await launch()
    server = await startServer()
    for (const username of ['eli', 'ava', 'max']) {
      const email = `${username}@example.com`
      const made = await server.api('POST', '/api/v2/users', { username, email, password, login_type: 'password' })
      if (made.status !== 201) throw new Error(`${username}: ${made.status} ${JSON.stringify(made.json)}`)
    }
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  const find = async (path: string, name: string): Promise<string> =>
    (await server.api('GET', path)).json.find((one: { name: string }) => one.name === name)?.id

  test('a group is made, filled, searched and deleted by keyboard alone', async () => {
    await using watched = await openPage(browser, server.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/groups')
    await page.getByText('There is no group yet').waitFor()

    await press(page, 'Create a group')
    await clean(page)
    await page.keyboard.type('platform')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/groups/*')
    await page.getByText('Nobody is in it.').waitFor()

    await press(page, 'Add people')
    await page.keyboard.press('Escape')
    await expect.poll(() => focused(page)).toBe('Add people')
    await press(page, 'Add people')
    await page.keyboard.type('a')
    await page.getByRole('checkbox', { name: /^ava/ }).press('Space')
    await page.getByRole('checkbox', { name: /^dana/ }).press('Space')
    await clean(page)
    await press(page, 'Add 2')
    await page.getByRole('link', { name: 'ava' }).waitFor()
    expect(await page.locator('tbody tr').count()).toBe(2)
    // The dialog goes after its list was read, and gives the focus back.
    await expect.poll(() => focused(page)).toBe('Add people')

    await press(page, 'Remove ava')
    await expect.poll(() => focused(page)).toBe('Put back')
    await clean(page)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'ava' }).waitFor()

    await press(page, 'Edit')
    await page.getByLabel('Quota').fill('20')
    await page.keyboard.press('Enter')
    await page.getByText('A quota of 20 for the workspaces of each member.').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])

    await press(page, 'Delete the group')
    await page.keyboard.type('platform')
    await clean(page)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/groups')
    await page.getByText('There is no group yet').waitFor()
    expect(trouble).toEqual([])
  })

  test('a group that the identity provider fills is for reading', async () => {
    const made = await server.api('POST', '/api/v2/organizations/default/groups', { name: 'from-there' })
    const mapping = { 'eng-sre': [made.json.id] }
    const path = '/api/v2/organizations/default/settings/idpsync/groups'
    expect((await server.api('PATCH', path, { field: 'groups', mapping })).status).toBe(200)
    await using watched = await openPage(browser, server.url)
    const { page, trouble } = watched
    await signIn(page)
    await page.goto(`/groups?q=source:oidc`)
    await page.getByRole('link', { name: 'from-there' }).click()
    await page.getByText('The identity provider says who is in it').waitFor()
    await page.getByText('by eng-sre').waitFor()
    expect(await page.getByRole('button', { name: 'Add people' }).count()).toBe(0)

    // Its name stands in the mapping; what is written there by name is saved by id.
    await page.getByRole('link', { name: 'default' }).click()
    const claims = page.getByRole('form', { name: 'Groups' })
    await expect.poll(() => claims.getByLabel('Mapping').inputValue()).toBe('eng-sre = from-there')
    await claims.getByLabel('Mapping').fill('')
    await claims.getByRole('button', { name: 'Save' }).click()
    await claims.getByText('Saved').waitFor()
    expect((await server.api('GET', `/api/v2/groups/${made.json.id}`)).json.source).toBe('user')
    expect(trouble).toEqual([])
  })

  test('an organization is made, peopled, set up and deleted once nobody else is in it', async () => {
    await using watched = await openPage(browser, server.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page)
    await page.goto('/organizations')
    await press(page, 'Create an organization')
    await page.keyboard.type('research')
    await page.getByRole('checkbox', { name: /New members have workspaces/ }).press('Space')
    await clean(page)
    await press(page, 'Create')
    await page.waitForURL('**/organizations/*')
    await page.getByText('Nobody is in it yet.').waitFor()

    await press(page, 'Add members')
    await page.getByText('They get no roles in it.').waitFor()
    await page.getByRole('checkbox', { name: /^eli/ }).press('Space')
    await page.getByRole('textbox', { name: 'Search' }).fill('nobody-of-this-name')
    await page.getByRole('checkbox', { name: /^nobody-of-this-name/ }).press('Space')
    await press(page, 'Add 2')
    await page.getByText('nobody-of-this-name: there is no such user').waitFor()
    // Who was added is not asked for again.
    await page.getByRole('button', { name: 'Add 1', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'eli' }).waitFor()

    await press(page, 'Roles of eli')
    await page
      .locator('dialog')
      .getByRole('checkbox', { name: /^Organization auditor/ })
      .press('Space')
    await clean(page)
    await page.locator('dialog').getByRole('button', { name: 'Save roles' }).press('Enter')
    await page.getByText('Saved; it counts at once.').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('cell', { name: 'Organization auditor' }).waitFor()

    await page.getByRole('checkbox', { name: /^Workspace access/ }).press('Space')
    await press(page, 'Save roles')
    await page.getByText('Saved; it counts for whoever comes next.').waitFor()
    await press(page, 'Create a role')
    await page.getByLabel('Name', { exact: true }).fill('night-shift')
    await page.getByRole('checkbox', { name: 'interception: read', exact: true }).press('Space')
    // What there is once in a deployment is no part of it; an owner may give the words without having them.
    expect(await page.getByRole('checkbox', { name: 'user: create', exact: true }).count()).toBe(0)
    expect(await page.getByRole('checkbox', { name: 'interception content: read' }).isEnabled()).toBe(true)
    await press(page, 'Create')
    await page.locator('summary', { hasText: 'custom' }).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])

    const id = await find('/api/v2/organizations', 'research')
    expect((await server.api('GET', `/api/v2/organizations/${id}`)).json.default_member_roles).toEqual([
      'organization-workspace-access',
    ])
    await press(page, 'Delete the organization')
    await page.keyboard.type('research')
    await page.keyboard.press('Enter')
    await page.getByText('research still has 1 member beside you').waitFor()
    await clean(page)
    await page.keyboard.press('Escape')
    await press(page, 'Remove eli')
    await page.keyboard.type('eli')
    await page.keyboard.press('Enter')
    await page.getByText('Nobody is in it yet.').waitFor()
    await press(page, 'Delete the organization')
    await page.keyboard.type('research')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/organizations')
    await page.getByRole('link', { name: 'default' }).waitFor()
    expect(await page.getByRole('link', { name: 'research' }).count()).toBe(0)
    expect(trouble).toEqual([])
  })

  test('who administers one organization is shown that one, and asks nothing that is refused', async () => {
    const made = await server.api('POST', '/api/v2/organizations', { name: 'field' })
    const member = `/api/v2/organizations/${made.json.id}/members/max`
    expect((await server.api('POST', member, {})).status).toBe(201)
    expect((await server.api('PUT', `${member}/roles`, { roles: ['organization-admin'] })).status).toBe(200)
    await server.api('POST', `/api/v2/organizations/${made.json.id}/groups`, { name: 'inside' })
    await server.api('POST', '/api/v2/organizations/default/groups', { name: 'outside' })
    await using watched = await openPage(browser, server.url)
    const { page, trouble } = watched
    await signIn(page, 'max@example.com')
    await page.goto('/groups')
    await page.getByRole('link', { name: 'inside' }).waitFor()
    expect(await page.getByRole('link', { name: 'outside' }).count()).toBe(0)

    await page.goto(`/organizations/${made.json.id}`)
    await page.getByRole('button', { name: 'Roles of max' }).waitFor()
    await page.getByRole('form', { name: 'Groups' }).waitFor()
    for (const button of ['Try it', 'Delete the organization', 'Create an organization']) {
      expect(await page.getByRole('button', { name: button }).count(), button).toBe(0)
    }
    // The people of the deployment are not his to search: who he knows by name can be added all the same.
    await press(page, 'Add members')
    await page.keyboard.type('ava')
    await page.getByRole('checkbox', { name: /^ava exactly as it is written/ }).press('Space')
    await press(page, 'Add 1')
    await page.getByRole('button', { name: 'Remove ava' }).waitFor()

    await page.goto('/organizations/default')
    await page.getByRole('heading', { name: 'What new members get' }).waitFor()
    expect(await page.getByRole('heading', { name: 'Members', exact: true }).count()).toBe(0)
    expect(trouble).toEqual([])
  })

  test('who administers nothing is told that these pages are not for them', async () => {
    await using watched = await openPage(browser, server.url)
    const { page, trouble } = watched
    await signIn(page, 'eli@example.com')
    for (const path of ['/groups', '/organizations']) {
      await page.goto(path)
      await page.getByText('This page is not for you').waitFor()
      expect(await page.locator(`nav a[href="${path}"]`).count()).toBe(0)
    }
    expect(trouble).toEqual([])
  })
})

/** A button by its name, with the keyboard. Behind a dialog that is still to go it takes no focus: a key would be lost. */
async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true }).last()
  await expect
    .poll(async () => {
      await button.focus()
      return button.evaluate((element) => element === document.activeElement)
    })
    .toBe(true)
  await page.keyboard.press('Enter')
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')

async function clean(page: Page): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([])
}

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { freePort } from '../support/free-port.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { bootTaskMachine, taskTemplate } from '../support/task-machine.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { cliOf, type Machine } from '../support/workspace-machine.ts'
import { accessibilityProblems, launch, noBrowser, openPage, signIn } from './browser.ts'

/** A task in the console of the real server, with a real agent in its workspace. */

const root = resolve(import.meta.dirname, '../..')
const noTerraform = whyNoTerraform('tasks in the console')

describe.skipIf(noBrowser !== null || noTerraform !== null)('a task of the real server', () => {
  let browser: Browser
  let server: RunningServer
  let folder: string
  let agents: string
  beforeAll(async () => {
    browser = await launch()
    agents = (await installAgents()).bin
    expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
    folder = mkdtempSync(join(tmpdir(), 'reeve-task-'))
    server = await startServer({})
    mkdirSync(join(folder, 'agent-small'))
    writeFileSync(join(folder, 'agent-small', 'main.tf'), taskTemplate(await freePort()))
    const pushed = await cliOf(server, folder)('templates', 'push', 'agent-small')
    expect(pushed.code, pushed.stderr).toBe(0)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })
  const machines: Machine[] = []
  afterEach(() => {
    for (const machine of machines.splice(0)) machine.kill()
  })

  test('is composed, followed while it speaks, told more, paused and resumed', { timeout: 240_000 }, async () => {
    // While its workspace is being stopped nobody can be asked what was said: the page reads that from what was kept.
    await using watched = await openPage(browser, server.url, { expectRefusals: true })
    const { page, trouble } = watched
    await signIn(page, owner.email)
    await page.goto('/tasks?new=task')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('What is it to do?').fill('Say hello')
    await dialog.getByText('of 1,000 used').waitFor()
    await dialog.getByRole('button', { name: 'Run it' }).click()
    await page.waitForURL(/\/tasks\/[0-9a-f-]{36}$/)
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    const boot = async (build: number) =>
      machines.push(await bootTaskMachine(server, { id, build, home: join(folder, 'home'), agents }))
    await boot(1)
    const log = page.getByRole('list', { name: 'What was said' })
    await log.getByText('agent', { exact: true }).waitFor({ timeout: 90_000 })
    await page.getByText('Ctrl and Enter sends it.').waitFor({ timeout: 60_000 })
    await page.getByLabel('Message to the agent').fill('And once more')
    await page.getByRole('button', { name: 'Send' }).click()
    await log.getByText('And once more').waitFor()
    await expect.poll(() => log.getByText('agent', { exact: true }).count()).toBe(2)
    await page.getByText('Ctrl and Enter sends it.').waitFor({ timeout: 60_000 })
    expect(await accessibilityProblems(page)).toEqual([])

    await page.getByRole('button', { name: 'Pause' }).click()
    await dialog.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('as it was kept when it was paused').waitFor({ timeout: 60_000 })
    await page.reload()
    await page.getByText('as it was kept when it was paused').waitFor()
    await log.getByText('And once more').waitFor()
    await page.getByLabel('Message to the agent').fill('And at last')
    await page.getByRole('button', { name: 'Resume and send' }).click()
    await dialog.getByText('1 of 1,000 used').waitFor()
    await dialog.getByRole('button', { name: 'Resume and send' }).click()
    await boot(3)
    await log.getByText('And at last').waitFor({ timeout: 90_000 })
    await page.getByRole('link', { name: 'build 3' }).waitFor()
    expect(trouble).toEqual([])
    expect((await server.api('DELETE', `/api/v2/tasks/me/${id}`)).status).toBe(202)
    expect(await machines.at(-1)?.ended).toBe(0)
  })
})

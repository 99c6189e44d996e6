import { join } from 'node:path'
import { recordingLog, systemClock } from '@reeve/base'
import type { Talk } from './agent-driver.ts'
import { startAgentProcess } from './agent-process.ts'
import { claude } from './claude.ts'
import { openTaskDriver, type TaskDriver, type TaskDriverOptions } from './task-driver.ts'
import type { Change } from './transcript.ts'

/** The scripted agent behind the real driver of Claude Code. */
export const scripted = [process.execPath, join(import.meta.dirname, 'scripted.test-child.ts')]

export async function openScripted(
  folder: string,
  options: Partial<TaskDriverOptions<Talk>> = {},
): Promise<TaskDriver> {
  return await openTaskDriver({
    driver: claude,
    start: startAgentProcess,
    command: scripted,
    cwd: folder,
    env: process.env,
    initialPrompt: '',
    stateFile: null,
    clock: systemClock,
    log: recordingLog(),
    graceMs: 1000,
    restartMs: () => 10,
    ...options,
  })
}

/** Resolves with the first change that is the one; those that are told at once count. */
export function until(driver: TaskDriver, isIt: (change: Change) => boolean): Promise<Change> {
  const { promise, resolve } = Promise.withResolvers<Change>()
  let stop = (): void => {}
  let found = false
  stop = driver.subscribe((change) => {
    if (found || !isIt(change)) return
    found = true
    resolve(change)
    queueMicrotask(() => stop())
  })
  return promise
}

export const stable = (driver: TaskDriver): Promise<Change> =>
  until(driver, (change) => change.kind === 'status' && change.status === 'stable')

/** Sends a message to an agent that waits, and gives all that was said when it waits again. */
export async function exchange(driver: TaskDriver, content: string): Promise<string[]> {
  await stable(driver)
  await driver.send(content)
  await stable(driver)
  return driver.messages().map((message) => `${message.role}: ${message.content}`)
}

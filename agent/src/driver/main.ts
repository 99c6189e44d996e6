import { rmSync, writeFileSync } from 'node:fs'
import { Fault, systemClock, toError } from '@reeve/base'
import { lineLog } from '../line-log.ts'
import { acpDriver } from './acp.ts'
import type { AgentDriver } from './agent-driver.ts'
import { startAgentProcess } from './agent-process.ts'
import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { helpText, readOptions, type ServeTaskOptions } from './options.ts'
import { screenDriver } from './screen.ts'
import { serveDriver } from './serve.ts'
import { openTaskDriver, type TaskDriver } from './task-driver.ts'

/** Those with a language of their own for programs. */
const structured: Readonly<Record<string, AgentDriver>> = { claude, codex }

/** Long enough for an agent to write down where it stands, short enough for what stops a container. */
const graceMs = 10_000
const restartsMax = 5

/** The command `reeve agent serve`: lives until it is told to end, or its agent cannot be kept alive. */
export async function main(argv: readonly string[]): Promise<never> {
  try {
    const options = readOptions(argv, process.env)
    if (options !== null) process.exit(await serveTask(options))
    process.stdout.write(helpText)
    process.exit(0)
  } catch (thrown) {
    const fault = toError(thrown)
    const problems = fault instanceof Fault ? fault.problems : []
    const fix = fault instanceof Fault && fault.fix !== undefined ? ` ${fault.fix}` : ''
    process.stderr.write(`reeve agent serve: ${fault.message}${fix}\n`)
    for (const { field, detail } of problems) process.stderr.write(`  ${field}: ${detail}\n`)
    process.exit(1)
  }
}

async function serveTask(options: ServeTaskOptions): Promise<number> {
  const told = Promise.withResolvers<null>()
  process.once('SIGINT', () => told.resolve(null))
  process.once('SIGTERM', () => told.resolve(null))
  const log = lineLog()
  const { type, transport } = options
  const common = {
    ...options,
    cwd: process.cwd(),
    env: process.env,
    clock: systemClock,
    log,
    graceMs,
    restartMs: (attempt: number) => (attempt > restartsMax ? null : 500 * 2 ** attempt),
  }
  // Loaded only where it is needed: a terminal is much larger than all the rest.
  const terminal =
    transport === 'pty' ? (await import('./agent-terminal.ts')).agentTerminal(options.size, systemClock) : null
  const open = (): Promise<TaskDriver> => {
    if (terminal !== null) return openTaskDriver({ ...common, driver: screenDriver(type), start: terminal.start })
    const own = structured[type]
    if (own !== undefined) return openTaskDriver({ ...common, driver: own, start: startAgentProcess })
    return openTaskDriver({ ...common, driver: acpDriver(type, common.cwd), start: startAgentProcess })
  }
  await using driver = await open()
  process.on('SIGUSR1', () => void driver.save())
  await using server = await serveDriver(driver, { ...options, log, terminal })
  process.stderr.write(`reeve agent serve: ${options.type} at ${server.url}\n`)
  if (options.pidFile !== null) writeFileSync(options.pidFile, `${process.pid}\n`)
  const why = await Promise.race([told.promise, driver.gone])
  if (options.pidFile !== null) rmSync(options.pidFile, { force: true })
  if (why === null) return 0
  process.stderr.write(`reeve agent serve: the agent does not stay alive: ${why}\n`)
  return 1
}

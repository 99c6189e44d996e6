import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { Fault, silentLog, systemClock, toError } from '@reeve/base'
import { stateDirectoryOf } from './audit/state-directory.ts'
import { probeMachine } from './capabilities.ts'
import { helpText, readCommandLine } from './config/command-line.ts'
import { readConfig } from './config/config.ts'
import { corporateProxyFrom } from './dial/corporate-proxy.ts'
import { machineDialling } from './dial/machine.ts'
import type { Effects } from './effects.ts'
import { endAs } from './end-as.ts'
import { nativeHelper } from './jail/native-helper.ts'
import { systemTimers } from './timers.ts'
import { systemRoots } from './tls/trust.ts'
import { version } from './version.ts'

/** What no command ends with by custom: nothing ran. */
const exitNothingRan = 125

/**
 * The command `boundary`. Its own words go to stderr: stdout is the command's. `helper` finds the native helper, where it is
 * not that of this checkout.
 */
export async function main(argv: readonly string[], helper: () => string = nativeHelper): Promise<never> {
  try {
    return await act(argv, helper)
  } catch (thrown) {
    for (const line of explained(thrown)) say(line)
    process.exit(exitNothingRan)
  }
}

async function act(argv: readonly string[], helper: () => string): Promise<never> {
  const line = readCommandLine(argv)
  switch (line.verb) {
    case 'help':
      process.stdout.write(helpText())
      process.exit(0)
    case 'version':
      process.stdout.write(`${version}\n`)
      process.exit(0)
    case 'check': {
      const { check } = await import('./check.ts')
      process.exit(await check(line.words, helper(), (text) => void process.stdout.write(text)))
    }
    case 'log': {
      const { logCommand } = await import('./audit/log-command.ts')
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      const state = stateDirectoryOf(process.env, process.env['HOME'] ?? homedir())
      const write = (text: string) => void process.stdout.write(text)
      const complain = (text: string) => void process.stderr.write(text)
      process.exit(await logCommand(line.words, state, { write, complain, timers: systemTimers, signal: stop.signal }))
    }
    case 'run': {
      const home = process.env['HOME'] ?? homedir()
      const config = readConfig(line, { env: process.env, home, readFile })
      for (const note of config.notes) say(`note: ${note}`)
      const machine = probeMachine(helper())
      const { runBoundary } = await import('./run.ts')
      return endAs(await runBoundary(config, surroundings(home, config.upstreamCa), machine))
    }
    default: {
      const { otherUse } = await import('./other-uses.ts')
      const home = process.env['HOME'] ?? homedir()
      const write = (text: string) => void process.stdout.write(text)
      const warn = (text: string) => void process.stderr.write(text)
      const around = { env: process.env, home, readFile, cwd: process.cwd(), clock: systemClock, write, warn }
      process.exit(await otherUse(line, around))
    }
  }
}

function surroundings(home: string, upstreamCa: string | null): Effects {
  return {
    env: process.env,
    home,
    cwd: process.cwd(),
    userId: process.getuid?.() ?? null,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log: silentLog,
    dialling: machineDialling(corporateProxyFrom(process.env)),
    roots: systemRoots(upstreamCa),
    say,
  }
}

const say = (line: string): void => void process.stderr.write(`${line.startsWith('boundary:') || line.startsWith(' ') ? line : `boundary: ${line}`}\n`) // prettier-ignore

function explained(thrown: unknown): string[] {
  if (!(thrown instanceof Fault)) return [`nothing ran: ${toError(thrown).message}`]
  const { message, problems, fix } = thrown
  return [
    `nothing ran: ${message}`,
    ...problems.map(({ field, detail }) => `  ${field} ${detail}`),
    ...(fix === undefined ? [] : [`  ${fix}`]),
  ]
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    if (toError(thrown).message.startsWith('ENOENT') || toError(thrown).message.startsWith('ENOTDIR')) return null
    throw thrown
  }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, type Log, systemClock, toError } from '@reeve/base'
import { startApp } from './app.ts'
import { startProcesses } from './app-processes.ts'
import { type Config, readConfig } from './config.ts'
import { helpText, settingsText } from './config-print.ts'
import { tuneGarbageCollection } from './runtime/garbage.ts'
import { drainJournal } from './start-drain.ts'
import { openLog } from './start-log.ts'
import { problemText, readyFacts, readyText } from './start-summary.ts'

/** `reeve server`. Resolves when the server has stopped. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await runServer(argv)
}

/**
 * Gives the exit code: 0 when the server was asked to stop, 1 when it could not start or broke, 2 when a setting is
 * wrong. Standard output is for answers and records, standard error for the rest.
 */
async function runServer(argv: readonly string[]): Promise<number> {
  const startedMs = systemClock.monotonicMs()
  const version = readVersion()
  if (argv.includes('--help') || argv.includes('-h')) return print(helpText())
  if (argv.includes('--version')) return print(`reeve ${version}\n`)
  const [command, dir, ...others] = argv
  if (command === 'drain') return drain(dir, others)
  const settings = argv.filter((arg) => arg !== '--print-config')
  const config = readSettings(settings)
  if (config === null) return 2
  if (settings.length < argv.length) return print(settingsText(config.settings))

  const format = config.log.format ?? (process.stderr.isTTY ? 'text' : 'json')
  const { log, announced } = openLog(format, config.log.verbose, process.stderr)
  const ending = watchForTheEnd()
  tuneGarbageCollection()
  try {
    const options = { config, version, clock: systemClock, log, signal: ending.signal }
    const starting = config.gatewayProcesses > 1 ? startProcesses({ ...options, argv: settings }) : startApp(options)
    const app = await starting.catch((thrown: unknown) => {
      reportFailedStart(thrown, format, log)
      return null
    })
    if (app === null) return 1
    const started = { version, config, app, tookMs: systemClock.monotonicMs() - startedMs }
    if (format === 'text') process.stderr.write(`${readyText(started)}\n`)
    else log.info(readyFacts(started), 'ready')
    announced()
    const end = await ending.asked
    if (end.error === null) log.info({ signal: end.signal }, 'stopping')
    else log.error({ err: end.error }, 'stopping after an error that nobody expected')
    await app.stop(ending.now)
    log.info({}, 'stopped')
    return end.error === null ? 0 : 1
  } catch (thrown) {
    log.error({ err: toError(thrown) }, 'did not stop in order')
    return 1
  } finally {
    ending.dispose()
  }
}

async function drain(dir: string | undefined, settings: readonly string[]): Promise<number> {
  if (dir === undefined || dir.startsWith('--')) {
    const details = ['`reeve server drain DIR` needs the journal to bring in']
    process.stderr.write(problemText('Nothing is drained.', { message: 'an argument is missing:', details }))
    return 2
  }
  const config = readSettings(settings)
  if (config === null) return 2
  const ending = watchForTheEnd()
  try {
    return print(await drainJournal(dir, config, ending.signal))
  } catch (thrown) {
    const { message, fix } = thrown instanceof Fault ? thrown : { message: toError(thrown).message, fix: undefined }
    process.stderr.write(problemText('The journal is not in the database.', { message, fix }))
    return 1
  } finally {
    ending.dispose()
  }
}

/** A fault was written for people to read; anything else is a mistake of ours, and needs the stack to be found. */
function reportFailedStart(thrown: unknown, format: 'text' | 'json', log: Log): void {
  const error = toError(thrown)
  const fault = error instanceof Fault ? error : null
  if (format === 'json' || fault === null) log.error({ err: error, fix: fault?.fix }, 'cannot start')
  if (format === 'json') return
  const details = fault?.problems.map(({ field, detail }) => `${field}: ${detail}`) ?? []
  process.stderr.write(`\n${problemText('Reeve cannot start.', { message: error.message, fix: fault?.fix, details })}`)
}

interface End {
  readonly signal: string | null
  readonly error: Error | null
}

/** The first signal or unexpected error asks for an orderly end; the second signal for one at once. */
function watchForTheEnd() {
  const asked = Promise.withResolvers<End>()
  const now = new AbortController()
  const begun = new AbortController()
  let isAsked = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isAsked) now.abort()
    isAsked = true
    begun.abort()
    asked.resolve({ signal, error: null })
  }
  const onError = (thrown: unknown) => {
    isAsked = true
    asked.resolve({ signal: null, error: toError(thrown) })
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  // Heard by nobody, it opens Node's debugger to every user of the machine.
  process.on('SIGUSR1', () => {})
  process.on('uncaughtException', onError)
  process.on('unhandledRejection', onError)
  return {
    asked: asked.promise,
    /** Aborts when an end is asked for. */
    signal: begun.signal,
    now: now.signal,
    dispose() {
      for (const signal of signals) process.off(signal, onSignal)
      process.off('uncaughtException', onError)
      process.off('unhandledRejection', onError)
    },
  }
}

function readSettings(argv: readonly string[]): Config | null {
  try {
    return readConfig({ argv, env: process.env, readFile: (path) => readFileSync(path, 'utf8') })
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    const details = thrown.problems.map(({ field, detail }) => `${field} ${detail}`)
    const fix = '`reeve server --help` lists every setting'
    process.stderr.write(problemText('Reeve cannot start.', { message: `${thrown.message}:`, details, fix }))
    return null
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function readVersion(): string {
  // SAFETY: our own package.json, which npm does not install without a version.
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string
  }
  return version
}

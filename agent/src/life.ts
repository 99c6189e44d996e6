import { existsSync, mkdirSync } from 'node:fs'
import { freemem, homedir, loadavg, totalmem, uptime, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { type Clock, type Log, toError } from '@reeve/base'
import type { AgentFrame, AgentLifecycle, AgentManifest, AgentScriptRun } from '@reeve/sdk'
import { httpProbe, pause, repeat, watchApps } from './app-health.ts'
import type { CommandFolder } from './command-folder.ts'
import type { Connection } from './connection.ts'
import type { AskControlPlane } from './control-plane.ts'
import { environmentOf } from './environment.ts'
import { createLineBuffer, type LineBuffer } from './line-buffer.ts'
import { localRoutes } from './local-routes.ts'
import { type LocalRoute, serveLocally } from './local-socket.ts'
import { collectMetadata } from './metadata.ts'
import { createScripts } from './scripts.ts'
import { type AcceptStreams, acceptStreams } from './streams/accept-streams.ts'
import { type TaskWatch, watchTask } from './task-watch.ts'

/** What the agent does between its first connection and its end. */
export interface Life {
  reconnected(): void
  kept(through: number): void
  readonly accept: AcceptStreams
  shutDown(): Promise<void>
}

export interface LifeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly commands: CommandFolder
  readonly connection: Connection
  readonly manifest: AgentManifest
  readonly ask: AskControlPlane
  /** What a boundary of the workspace begins with. */
  readonly boundary: LocalRoute
  /** Ends all processes of the workspace but this one. */
  readonly endProcesses: (withinMs: number) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

const beatMs = 30_000
/** Stop scripts without a bound of their own: the machine does not wait for ever either. */
const stopWithinMs = 60_000
/** What is in no group of a script, as a daemon; the others have had their time by then. */
const othersWithinMs = 2_000
/** Who reads that the scripts are done reads what they said, too; a control plane that keeps nothing is told all the same. */
const startLinesWithinMs = 30_000
/** For the last lines, which the control plane may not want any more. */
const lastLinesWithinMs = 2_000
/** How scripts went, while there is no connection to say it over. */
const runsHeldMax = 200

export async function beginLife(options: LifeOptions): Promise<Life> {
  const { env: inherited, commands, connection, manifest, ask, boundary, endProcesses, clock, log } = options
  const ending = new AbortController()
  const { signal } = ending
  const lines = createLineBuffer(clock, manifest.log_next)
  const env = environmentOf(manifest, inherited, commands)
  const directory = folderOf(manifest.directory, inherited['HOME'] ?? homedir())
  const accept = acceptStreams({ env, directory, shell: env['SHELL'] || shellOfUser() })
  /** What is to be said again over a new connection: of each the last. */
  const standing = new Map<string, AgentFrame>()
  let runs: AgentScriptRun[] = []

  function report(key: string, frame: AgentFrame): void {
    standing.set(key, frame)
    connection.say(frame)
  }
  const lifecycle = (state: AgentLifecycle): void =>
    report('lifecycle', { kind: 'lifecycle', state, at: clock.now().toISOString() })
  const sayRuns = (): void => void (runs = runs.filter((run) => !connection.say({ kind: 'script', run })))

  const scripts = createScripts({
    scripts: manifest.scripts,
    env,
    directory,
    folder: commands.scripts,
    clock,
    log,
    onLine(source, level, text) {
      lines.add(source, level, text)
      sayLines(lines, connection)
    },
    onRun(run) {
      runs = [...runs, run].slice(-runsHeldMax)
      sayRuns()
    },
  })
  const task = manifest.task === null ? null : watchTask({ task: manifest.task, ask, signal, log })
  const routes = localRoutes({ manifest, ask, boundary, report: async (said) => task?.report(said) })
  const socket = await serveLocally(commands.socket, { routes, log })

  async function start(): Promise<void> {
    lifecycle('starting')
    const outcome = await scripts.run('start', 0, signal)
    await linesKept(startLinesWithinMs, () => !signal.aborted)
    if (!signal.aborted) lifecycle(startedAs[outcome])
  }

  const started = start()
  scripts.schedule(signal)
  watchApps(manifest.apps, {
    probe: httpProbe,
    signal,
    tell: (slug, health) => report(`app ${slug}`, { kind: 'apps', items: [{ slug, health }] }),
  })
  collectMetadata(manifest.metadata, {
    env,
    directory,
    signal,
    clock,
    tell: (item) => report(`metadata ${item.key}`, { kind: 'metadata', items: [item] }),
  })
  void repeat(beatMs, signal, async () => void connection.say({ kind: 'stats', stats: stats() }))

  /** Until the control plane has kept what was said so far, or as long as it may still come to that. */
  async function linesKept(withinMs: number, mayCome: () => boolean): Promise<void> {
    const { last } = lines
    const deadline = clock.monotonicMs() + withinMs
    while (lines.first <= last && mayCome() && clock.monotonicMs() < deadline) {
      await pause(20, new AbortController().signal)
    }
  }

  return {
    accept,
    reconnected() {
      for (const frame of standing.values()) connection.say(frame)
      sayRuns()
      lines.rewind()
      sayLines(lines, connection)
    },
    kept(through) {
      lines.kept(through)
      sayLines(lines, connection)
    },
    async shutDown() {
      ending.abort()
      await started
      lifecycle('shutting_down')
      await bringIn(task, log)
      const outcome = await scripts.run('stop', stopWithinMs, new AbortController().signal)
      accept[Symbol.dispose]()
      await scripts.endLeftovers()
      await endProcesses(othersWithinMs)
      await socket[Symbol.asyncDispose]()
      // What it runs on may be gone as soon as it says that it is off.
      await linesKept(lastLinesWithinMs, () => connection.isOpen)
      lifecycle(stoppedAs[outcome])
    },
  }
}

const startedAs = { ok: 'ready', exit_failure: 'start_error', timed_out: 'start_timeout' } as const
const stoppedAs = { ok: 'off', exit_failure: 'shutdown_error', timed_out: 'shutdown_timeout' } as const

async function bringIn(task: TaskWatch | null, log: Log): Promise<void> {
  await task
    ?.snapshot()
    .catch((thrown: unknown) => log.warn({ error: toError(thrown).message }, 'the last messages were not brought in'))
}

function sayLines(lines: LineBuffer, connection: Connection): void {
  while (connection.isOpen) {
    const some = lines.next()
    if (some.length === 0 || !connection.say({ kind: 'logs', lines: some })) return
  }
}

/** What its template says, made where it is not there; of a path that starts with ~ the home. */
function folderOf(given: string, home: string): string {
  const folder = given === '' ? home : given.startsWith('~') ? join(home, given.slice(1)) : resolve(home, given)
  try {
    mkdirSync(folder, { recursive: true })
  } catch {
    // A script that runs there says what is wrong.
  }
  return existsSync(folder) ? folder : '/'
}

/** A container may run as a user whom nobody has told it of. */
function shellOfUser(): string {
  try {
    return userInfo().shell || '/bin/sh'
  } catch {
    return '/bin/sh'
  }
}

const stats = () => ({
  uptime_seconds: uptime(),
  load: loadavg()[0] ?? 0,
  memory_total_bytes: totalmem(),
  memory_free_bytes: freemem(),
})

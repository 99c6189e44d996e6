import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Log } from '@reeve/base'
import type { AgentManifest, AgentScriptRun, AgentScriptStage, AgentScriptStatus } from '@reeve/sdk'
import { readSchedule } from './cron.ts'
import { createProcessGroups } from './process-groups.ts'
import { runInOrder } from './run-in-order.ts'
import { runScript } from './run-script.ts'
import { scriptLog } from './script-log.ts'

type Script = AgentManifest['scripts'][number]

export interface ScriptsOptions {
  readonly scripts: readonly Script[]
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  /** Where each script has a folder of its own. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly onLine: (source: string, level: 'info' | 'error', text: string) => void
  readonly onRun: (run: AgentScriptRun) => void
}

/** The scripts of a template, by when they are run. */
export interface Scripts {
  /** All of a stage, side by side but for those that wait for others. 0: those without a bound of their own take as long as they take. */
  run(stage: 'start' | 'stop', withinMs: number, signal: AbortSignal): Promise<'ok' | 'exit_failure' | 'timed_out'>
  /** Runs those that have a schedule until the signal aborts. One that still runs when it is due again is passed over. */
  schedule(signal: AbortSignal): void
  /** Ends what they left running. */
  endLeftovers(): Promise<void>
}

/** What a coding agent needs to write down where it stands. */
const leftoversWithinMs = 15_000
/** After a machine slept, runs that were missed are not made up for. */
const missedSecondsMax = 5

export function createScripts({ scripts, env, directory, folder, clock, log, onLine, onRun }: ScriptsOptions): Scripts {
  const groups = createProcessGroups(clock)

  function dataFolder(script: Script): string {
    const path = join(folder, `data-${scripts.indexOf(script)}`)
    try {
      mkdirSync(path, { recursive: true })
    } catch {
      // A script that wants its folder says that it is not there; the others run.
    }
    return path
  }

  async function runOne(script: Script, stage: AgentScriptStage, withinMs: number, signal: AbortSignal) {
    const { source, timeout_seconds: seconds } = script
    const toFile = scriptLog(script.log_path, { env, directory })
    const tell = (level: 'info' | 'error', line: string): void => {
      onLine(source, level, line)
      toFile(line)
    }
    const timeoutMs = seconds > 0 ? seconds * 1_000 : withinMs
    const started_at = clock.now().toISOString()
    const end = await runScript({
      script: script.script,
      env: { ...env, CODER_SCRIPT_DATA_DIR: dataFolder(script) },
      directory,
      timeoutMs,
      signal,
      onLine: (stream, line) => tell(stream === 'out' ? 'info' : 'error', line),
    })
    if (end.group !== null) groups.add(end.group)
    if (end.status === 'timed_out') tell('error', `took longer than ${timeoutMs / 1_000} s and was ended`)
    if (end.status === 'exit_failure') tell('error', `failed with exit code ${end.exitCode ?? 'unknown'}`)
    const { status, exitCode: exit_code } = end
    onRun({ source: source.slice(0, 256), stage, status, exit_code, started_at, ended_at: clock.now().toISOString() })
    return status
  }

  function leaveOut({ source }: Script, stage: AgentScriptStage, other: Script): AgentScriptStatus {
    const at = clock.now().toISOString()
    onLine(source, 'error', `is left out, as ${other.source} did not succeed`)
    onRun({ source: source.slice(0, 256), stage, status: 'skipped', exit_code: null, started_at: at, ended_at: at })
    return 'skipped'
  }

  function schedule(signal: AbortSignal): void {
    const since = new Date(Math.floor(clock.now().getTime() / 1_000) * 1_000)
    const due = scripts.flatMap((script) => {
      const when = script.stages.includes('cron') ? readSchedule(script.cron) : null
      return when === null ? [] : [{ script, when, isRunning: false }]
    })
    for (const { source, cron, stages } of scripts) {
      if (stages.includes('cron') && readSchedule(cron) === null) onLine(source, 'error', `has no schedule: ${cron}`)
    }
    if (due.length === 0) return
    let last = since.getTime()
    const tick = (): void => {
      const now = Math.floor(clock.now().getTime() / 1_000) * 1_000
      for (let at = Math.max(last, now - missedSecondsMax * 1_000) + 1_000; at <= now; at += 1_000) {
        for (const each of due) {
          if (each.isRunning || !each.when.isDue(new Date(at), since)) continue
          each.isRunning = true
          void runOne(each.script, 'cron', 0, signal).finally(() => (each.isRunning = false))
        }
      }
      last = Math.max(last, now)
    }
    const timer = setInterval(tick, 500)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  return {
    async run(stage, withinMs, signal) {
      const chosen = scripts.filter(({ stages }) => stages.includes(stage))
      const begun = clock.monotonicMs()
      // Whoever waited has less time of its own, where there is a bound for all.
      const leftMs = () => (withinMs === 0 ? 0 : Math.max(1, withinMs - (clock.monotonicMs() - begun)))
      const ends = await runInOrder(chosen, stage, {
        run: (script) => runOne(script, stage, leftMs(), signal),
        skip: (script, other) => leaveOut(script, stage, other),
      })
      log.info({ stage, ends }, 'scripts have run')
      return ends.includes('timed_out') ? 'timed_out' : ends.includes('exit_failure') ? 'exit_failure' : 'ok'
    },
    schedule,
    endLeftovers: () => groups.end(leftoversWithinMs),
  }
}

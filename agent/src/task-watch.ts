import { type Log, sseParser, toError } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import type { AskControlPlane } from './control-plane.ts'
import { pause } from './app-health.ts'
import { tailOf } from './task-snapshot.ts'
import { type AppReport, nextState, type TaskEvent, type TaskState } from './task-state.ts'

/** The app of a workspace's task, watched through the interface of AgentAPI that it serves. */
export interface TaskWatch {
  /** What its agent says of itself. */
  report(report: AppReport): Promise<void>
  /** Brings the last messages in: people read them while the workspace is stopped. */
  snapshot(): Promise<void>
}

interface WatchOptions {
  readonly task: NonNullable<AgentManifest['task']>
  readonly ask: AskControlPlane
  readonly signal: AbortSignal
  readonly log: Log
}

const firstDelayMs = 1_000
const longestDelayMs = 30_000
const snapshotWithinMs = 5_000

export function watchTask({ task, ask, signal, log }: WatchOptions): TaskWatch {
  let state: TaskState = { running: false, said: null }
  let lastWords = ''
  let telling: Promise<void> = Promise.resolve()

  /** One after the other: what is told last is what stands. */
  function take(event: TaskEvent): Promise<void> {
    const next = nextState(state, event)
    state = next.state
    const { tell } = next
    if (tell === null) return telling
    const told = telling.then(async () => {
      await ask('PATCH', 'app-status', { body: { app_slug: task.app_slug, ...tell } })
    })
    telling = told.catch((thrown: unknown) => log.warn({ error: toError(thrown).message }, 'a state was not told'))
    return told
  }

  function hear(event: string, data: unknown): void {
    if (typeof data !== 'object' || data === null) return
    // SAFETY: an object, whose members are looked at here.
    const { status, role, message } = data as Partial<Record<string, unknown>>
    if (event === 'message_update' && role === 'agent' && typeof message === 'string') lastWords = firstLine(message)
    if (event !== 'status_change' || (status !== 'running' && status !== 'stable')) return
    const wasRunning = state.running
    take({ kind: 'seen', running: status === 'running', message: lastWords }).catch(() => {})
    // Also a workspace that is killed leaves what was said until its agent rested.
    if (wasRunning && status === 'stable') snapshot().catch(() => {})
  }

  async function listen(): Promise<void> {
    const answer = await fetch(new URL('events', folderOf(task.app_url)), { signal })
    if (!answer.ok || answer.body === null) throw new Error(`answered ${answer.status}`)
    const parse = sseParser()
    const decoder = new TextDecoder()
    for await (const bytes of answer.body) {
      for (const { event, data } of parse(decoder.decode(bytes, { stream: true }))) hear(event, JSON.parse(data))
    }
  }

  async function snapshot(): Promise<void> {
    const within = AbortSignal.timeout(snapshotWithinMs)
    const answer = await fetch(new URL('messages', folderOf(task.app_url)), { signal: within })
    const read: unknown = await answer.json()
    const messages = typeof read === 'object' && read !== null && 'messages' in read ? read.messages : null
    if (!answer.ok || !Array.isArray(messages)) throw new Error(`answered ${answer.status}`)
    const body = { messages: tailOf(messages) }
    await ask('POST', `tasks/${task.id}/log-snapshot`, { body, signal: within })
  }

  void (async () => {
    let delayMs = firstDelayMs
    while (!signal.aborted) {
      const before = state
      await listen().catch((thrown: unknown) => log.debug({ error: toError(thrown).message }, 'the task is not heard'))
      delayMs = state === before ? Math.min(delayMs * 2, longestDelayMs) : firstDelayMs
      await pause(delayMs, signal)
    }
  })()

  return {
    report: (report) => take({ kind: 'reported', report }),
    snapshot,
  }
}

const folderOf = (url: string): string => (url.endsWith('/') ? url : `${url}/`)

const firstLine = (text: string): string =>
  (
    text
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '') ?? ''
  ).slice(0, 160)

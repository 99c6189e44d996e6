import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type Client, endpoints, type Task, type TaskDetails, taskPhase } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, one } from '../output/answer.ts'
import { findTask, pathOf, taskColumns, taskIdOf } from './tasks.ts'

/**
 * Waiting for a task. It ends where the task does not go on by itself: done, needs input, paused, failed, canceled or
 * deleted; or where the time to wait is over. Each has an exit code of its own, so that a pipeline can tell them apart;
 * what was waited for is success.
 */
export type Outcome =
  'done' | 'needs input' | 'paused' | 'failed' | 'canceled' | 'deleted' | 'tokens' | 'time' | 'timeout'

export const outcomeCodes: Readonly<Record<Outcome, number>> = {
  done: 0,
  timeout: 7,
  time: 7,
  tokens: 8,
  failed: 20,
  'needs input': 21,
  canceled: 22,
  deleted: 22,
  paused: 23,
}

/** The words of `--until`, which are the API's. */
const untilWords: ReadonlyMap<string, Outcome> = new Map([
  ['idle', 'needs input'],
  ['needs-input', 'needs input'],
  ['done', 'done'],
  ['paused', 'paused'],
  ['failed', 'failed'],
])

export type OnFail = 'keep' | 'pause' | 'delete'

export interface Waiting {
  readonly until: string | undefined
  readonly onFail: OnFail | undefined
}

export function readUntil(until = 'done'): ReadonlySet<Outcome> {
  const words = until.split(',').map((word) => word.trim())
  return new Set(
    words.map((word) => {
      const outcome = untilWords.get(word)
      if (outcome !== undefined) return outcome
      throw new Fault('invalid', `--until: "${word}" is none of idle, done, paused, failed`)
    }),
  )
}

export async function waitForTask(context: Context, input: Waiting & { readonly task: string }): Promise<Answer> {
  readUntil(input.until)
  const client = await context.client()
  return waited(context, client, await findTask(context, client, input.task), input)
}

/** The answer of a command that waits: the task as it is then, its outcome, and the exit code. */
export async function waited(
  context: Context,
  client: Client,
  found: TaskDetails,
  { until, onFail = 'keep' }: Waiting,
): Promise<Answer> {
  const wanted = readUntil(until)
  try {
    const ended = await settle(context, client, found)
    const isSuccess = wanted.has(ended.outcome)
    if (!isSuccess) await tidy(context, client, ended, onFail)
    const row = { ...ended.task, outcome: ended.outcome }
    const columns = [{ name: 'outcome', value: () => ended.outcome, priority: 0 }, ...taskColumns]
    return { ...one(row, columns, taskIdOf), exitCode: isSuccess ? 0 : outcomeCodes[ended.outcome] || 1 }
  } catch (thrown) {
    if (context.io.signal.aborted) context.note(`detached; the task goes on: reeve tasks logs -f ${found.name}`)
    throw thrown
  }
}

export interface Ended {
  readonly task: Task
  readonly outcome: Outcome
}

/** How long the server is asked to hold a look; what goes on in between is said after each. */
const lookSeconds = 5
const attemptsMax = 20
const retryMs = 2_000

/** Waits until the task does not go on by itself, and says what it does in between. */
export async function settle(context: Context, client: Client, found: Task): Promise<Ended> {
  const { clock, signal } = context.io
  const { timeoutMs } = context.globals
  const endsMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() + timeoutMs
  const tell = teller(context)
  tell(found)
  let task = found
  for (let failed = 0; ;) {
    const leftSeconds = Math.ceil((endsMs - clock.monotonicMs()) / 1000)
    if (leftSeconds <= 0) return { task, outcome: 'timeout' }
    try {
      const query = { until: 'idle,done,paused,failed,deleted', timeout: Math.min(lookSeconds, leftSeconds) }
      const look = await client.call(endpoints.waitForTask, { params: pathOf(found), query, signal })
      task = look.task
      tell(task)
      failed = 0
      if (look.reached !== null && look.reached !== 'active') return { task, outcome: outcomeOf(task, look.reached) }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || signal.aborted) throw thrown
      if (thrown.code === 'not_found') return { task, outcome: 'deleted' }
      // The network may be away for a moment, and a pipeline has waited long already.
      if (!/^(?:unavailable|timeout|upstream)$/.test(thrown.code) || ++failed > attemptsMax) throw thrown
      if (failed === 1) context.note(`the connection is gone (${thrown.message}); trying again`)
      await pause(retryMs, undefined, { signal })
    }
  }
}

type Reached = 'idle' | 'done' | 'paused' | 'failed' | 'deleted'

function outcomeOf({ limit_reached: limit, workspace_status: workspace }: Task, reached: Reached): Outcome {
  if (reached === 'deleted') return limit === '' ? 'deleted' : limit
  if (reached === 'failed') return workspace === 'canceled' ? 'canceled' : 'failed'
  if (reached === 'idle') return 'needs input'
  return reached === 'paused' && limit !== '' ? limit : reached
}

/** One line for each change: what it is doing, and what it says of it. */
function teller(context: Context): (task: Task) => void {
  let before = ''
  return (task) => {
    const { current_state: state, error, tokens_used: tokens } = task
    const said = error === '' ? (state?.message ?? '') : error
    const line = `> ${taskPhase(task)}${said === '' ? '' : `: ${said}`}`
    if (line !== before) context.note(tokens === 0 ? line : `${line} (${tokens.toLocaleString('en-US')} tokens)`)
    before = line
  }
}

/** What is done to a task that did not come to what was waited for. */
async function tidy(context: Context, client: Client, { task, outcome }: Ended, onFail: OnFail): Promise<void> {
  if (onFail === 'keep' || outcome === 'deleted') return
  const params = pathOf(task)
  const { signal } = context.io
  if (onFail === 'delete') await client.call(endpoints.deleteTask, { params, signal })
  else if (task.status !== 'paused') await client.call(endpoints.pauseTask, { params, signal })
  context.note(onFail === 'delete' ? 'it is deleted' : 'it is paused')
}

import { type Clock, Fault, type Log, toError } from '@reeve/base'
import type { AgentDriver, AgentType, Meaning, Step } from './agent-driver.ts'
import type { AgentProcess, StartAgent } from './agent-process.ts'
import type { Message } from './conversation.ts'
import { killTree } from './process-tree.ts'
import { readState, stateSaver } from './state-file.ts'
import { openTranscript, type Status, type Transcript } from './transcript.ts'

/**
 * A conversation with one coding agent, for as long as the driver lives.
 *
 *   starting   a process is there and has not yet said that it is ready        shown as running
 *   waiting    it listens                                                       shown as stable
 *   working    it was given a message, or went on by itself                     shown as running
 *   ended      its process is gone; a new one starts after a pause and resumes  shown as running
 *   gone       too many processes in a row ended before a turn did              shown as running
 *
 * A message is written to the state file before the agent sees it, and is given once: a turn that dies with its process
 * is not begun again, since half of its work may be done. The person is told and decides.
 */
type Phase = 'starting' | 'waiting' | 'working' | 'ended' | 'gone'

export interface TaskDriver extends AsyncDisposable {
  readonly type: AgentType
  readonly status: () => Status
  readonly messages: () => readonly Message[]
  /** Resolves when the agent has been given the message. Faults when it is not waiting, or the message is not one. */
  send(content: string): Promise<void>
  readonly subscribe: Transcript['subscribe']
  /** Writes the state file now. */
  save(): Promise<void>
  /** Resolves with the reason when the agent is gone for good; never when the driver was stopped. */
  readonly gone: Promise<string>
}

export interface TaskDriverOptions<T> {
  readonly driver: AgentDriver<T>
  readonly start: StartAgent
  /** The agent's command as a person would type it. */
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly initialPrompt: string
  readonly stateFile: { readonly path: string; readonly load: boolean; readonly save: boolean } | null
  readonly clock: Clock
  readonly log: Log
  readonly graceMs: number
  /** How long to wait before the n-th process in a row, counted from 1; null to give up. */
  readonly restartMs: (attempt: number) => number | null
}

/** A process that lived this long was not one more of a row that cannot stay alive. */
const steadyMs = 60_000

export async function openTaskDriver<T>(options: TaskDriverOptions<T>): Promise<TaskDriver> {
  const { driver, clock, log, stateFile } = options
  const before = stateFile?.load === true ? await readState(stateFile.path) : null
  // The driver before this one may have died and left its agent at work: two may not write one conversation.
  if (before?.process) killTree(before.process)

  const transcript = openTranscript(before?.messages ?? [], clock)
  const giveUp = Promise.withResolvers<string>()
  const initialPrompt = options.initialPrompt === '' ? (before?.initialPrompt ?? '') : options.initialPrompt
  let sessionId = before?.type === driver.type ? before.sessionId : null
  // Without a conversation in an agent that keeps them the first prompt never reached it.
  const reachedIt = sessionId !== null || !driver.resumes
  let promptSent = before?.initialPromptSent === true && before.initialPrompt === initialPrompt && reachedIt
  let phase: Phase = 'starting'
  let talk: T = driver.begin(sessionId)[0]
  let agent: AgentProcess | null = null
  let attempts = 0
  let startedMs = 0
  let restart: NodeJS.Timeout | null = null
  let stopped = false

  const present = () => ({
    messages: transcript.messages(),
    initialPrompt,
    initialPromptSent: promptSent,
    type: driver.type,
    sessionId,
    process: agent?.mark ?? null,
  })
  const unsaved = (thrown: unknown): void => {
    log.error({ error: toError(thrown).message }, 'state file not written')
    transcript.complain('The conversation could not be saved: it would not survive a pause.', 'error')
  }
  const save = stateFile?.save === true ? stateSaver(stateFile.path, present, unsaved) : async (): Promise<void> => {}

  const enter = (next: Phase): void => {
    phase = next
    transcript.show(next === 'waiting' ? 'stable' : 'running')
  }

  const give = async (content: string): Promise<void> => {
    enter('working')
    transcript.said(content)
    const to = agent
    await save()
    if (agent !== to) throw new Fault('unavailable', 'The agent ended before it had the message.')
    follow(driver.prompt(talk, content))
  }

  const follow = ([next, meanings]: Step<T>): void => {
    talk = next
    for (const meaning of meanings) mean(meaning)
  }
  const mean = (meaning: Meaning): void => {
    switch (meaning.kind) {
      case 'write':
        return agent?.write(meaning.line)
      case 'session':
        if (sessionId === meaning.id) return
        sessionId = meaning.id
        return void save()
      case 'forgotten':
        sessionId = null
        return void save()
      case 'working':
        return enter('working')
      case 'waiting':
        return nowWaiting()
      case 'text':
        return transcript.heard(meaning.text)
      case 'rewritten':
        return transcript.rewritten(meaning.text)
      case 'trouble':
        return transcript.complain(meaning.message, meaning.level)
    }
  }
  const nowWaiting = (): void => {
    if (phase === 'working') attempts = 0
    if (phase === 'starting' && initialPrompt.trim() !== '' && !promptSent) {
      promptSent = true
      give(initialPrompt.trim()).catch((thrown: unknown) => transcript.complain(toError(thrown).message, 'error'))
      return
    }
    enter('waiting')
    void save()
  }

  const start = (): void => {
    restart = null
    startedMs = clock.monotonicMs()
    enter('starting')
    const process = options.start({
      command: driver.command(options.command, sessionId),
      cwd: options.cwd,
      env: options.env,
      onLines(lines, dropped) {
        if (agent !== process) return
        for (const line of lines) follow(driver.line(talk, line))
        if (dropped > 0) transcript.complain(`${dropped} lines of the agent were too long to read.`, 'warning')
        // Once for a piece of output: a message that grows in many small steps is not sent whole with each.
        if (transcript.tellHeard()) void save()
      },
    })
    agent = process
    void process.ended.then((how) => agent === process && lost(how))
    if (!driver.resumes && transcript.messages().length > 0) {
      transcript.complain('The agent begins anew: it knows nothing of what was said before.', 'warning')
    }
    log.info({ type: driver.type, resumes: sessionId !== null }, 'agent started')
    follow(driver.begin(sessionId))
    void save()
  }

  const lost = (how: string): void => {
    void agent?.stop(0)
    agent = null
    if (stopped) return
    log.warn({ how }, 'agent ended')
    transcript.complain(phase === 'working' ? `${how}. What it was doing is not begun again.` : `${how}.`, 'error')
    enter('ended')
    if (clock.monotonicMs() - startedMs > steadyMs) attempts = 0
    const waitMs = options.restartMs(++attempts)
    if (waitMs !== null) {
      restart = setTimeout(start, waitMs)
      return
    }
    enter('gone')
    giveUp.resolve(how)
  }

  start()
  return {
    type: driver.type,
    status: transcript.status,
    messages: transcript.messages,
    subscribe: transcript.subscribe,
    gone: giveUp.promise,
    save,
    async send(content) {
      if (content.trim() === '') throw new Fault('invalid', 'The message is empty.')
      if (content !== content.trim()) throw new Fault('invalid', 'The message begins or ends with white space.')
      // First, since it says more than that the agent does not wait.
      const refusal = agent === null ? null : (driver.refusal?.(talk) ?? null)
      if (refusal !== null) throw new Fault('conflict', refusal)
      if (phase === 'ended' || phase === 'gone') {
        throw new Fault('conflict', 'The agent has ended, and takes no message until it is started again.')
      }
      if (phase !== 'waiting') {
        throw new Fault('conflict', 'The agent is not waiting for a message: its status is running.')
      }
      await give(content)
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      if (restart !== null) clearTimeout(restart)
      await agent?.stop(options.graceMs)
      agent = null
      await save()
    },
  }
}

import type { Duplex } from 'node:stream'
import type { Log } from '@reeve/base'
import { errno, frameReader, type Notification, type Reply, replyFrame } from './frames.ts'

export type Question = Extract<Notification, { call: 'exec' | 'unlink' | 'rmdir' | 'rename' | 'connect' }>
export type Refused = Extract<Notification, { call: 'refused' }>
export type Untold = Extract<Notification, { call: 'untold' }>
/** Something that is to be written where it looks as if nothing could be. */
export type Write = Extract<Notification, { call: 'write' | 'unlink' | 'rmdir' | 'rename' }>
export type Report = Extract<Notification, { call: 'connected' | 'started' }>

/**
 * Who decides. `signal` ends when the jail does: whoever waits for a person then stops waiting. A question that is
 * answered later holds nobody else's.
 */
export interface Answers {
  readonly answer: (question: Question, signal: AbortSignal) => Reply | Promise<Reply>
  /** What the kernel refuses by itself is told, and nothing that is said to it changes that. */
  readonly floor: Floor
  readonly report: (report: Report) => void
}

export interface Floor {
  readonly call: (refused: Refused) => void
  readonly write: (write: Write) => void
  /** More of them, which were not told one by one. */
  readonly untold: (more: Untold) => void
}

/**
 * Answers what the native helper asks over `control` until it is closed. A question whose answer fails is refused: the
 * process sees `EPERM`. What is still open when this side goes is refused by the kernel, as the helper ends with it.
 */
export async function answerNotifications(control: Duplex, answers: Answers, log: Log): Promise<void> {
  const ended = new AbortController()
  const read = frameReader()
  const send = (id: bigint, reply: Reply) => {
    if (control.writable) control.write(replyFrame(id, reply))
  }
  const refuse = (question: Question, error: unknown) => {
    log.error({ error, call: question.call }, 'a question of the sandbox could not be decided and is refused')
    send(question.id, { action: 'refuse', error: errno.EPERM })
  }
  /** The process waits meanwhile, so that it can be looked at. */
  const tell = (told: Refused | Write) => {
    try {
      if (told.call === 'refused') answers.floor.call(told)
      else answers.floor.write(told)
    } catch (error) {
      log.error({ error, call: told.call }, 'what the sandbox was refused could not be recorded')
    }
    if (told.call === 'refused') send(told.id, { action: 'refuse', error: refusalOf(told.name) })
    else if (told.call === 'write') send(told.id, { action: 'continue' })
  }
  const settle = (question: Question) => {
    if ('shut' in question && question.shut) tell(question)
    try {
      const reply = answers.answer(question, ended.signal)
      // Most are decided at once; they need not wait for the next turn.
      if (reply instanceof Promise)
        reply.then((later) => send(question.id, later)).catch((error: unknown) => refuse(question, error)) // prettier-ignore
      else send(question.id, reply)
    } catch (error) {
      refuse(question, error)
    }
  }
  await new Promise<void>((resolve) => {
    control.on('data', (chunk: Buffer) => {
      try {
        control.cork()
        for (const told of read(chunk)) {
          if (told.call === 'connected' || told.call === 'started') answers.report(told)
          else if (told.call === 'untold') answers.floor.untold(told)
          else if (told.call === 'refused' || told.call === 'write') tell(told)
          else settle(told)
        }
      } catch (error) {
        log.error({ error }, 'the native helper spoke what it never speaks')
        control.destroy()
      } finally {
        control.uncork()
      }
    })
    control.on('error', () => control.destroy())
    control.on('close', () => resolve())
    control.on('end', () => control.end())
  })
  ended.abort()
}

/** As the filter answers where nobody is told. */
const refusalOf = (name: string): number => (socketCalls.has(name) ? errno.EACCES : errno.EPERM)
const socketCalls: ReadonlySet<string> = new Set(['socket', 'socketpair', 'sendto', 'sendmsg', 'sendmmsg'])

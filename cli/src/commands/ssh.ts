import type { Duplex } from 'node:stream'
import { Fault, toError } from '@reeve/base'
import { recordOf } from '@reeve/sdk'
import type { Context } from '../context.ts'
import type { Io, Terminal } from '../io.ts'
import { type Answer, raw } from '../output/answer.ts'
import { outputOf } from './agent-output.ts'
import { connectAgent, type Wait } from './agent-streams.ts'

interface Input {
  readonly workspace: string
  readonly command: readonly string[]
  readonly tty: boolean
  readonly wait: Wait | undefined
}

/** A shell, or a command, in a workspace: what it says is the answer, and its exit code is ours. */
export async function ssh(context: Context, { workspace, command, tty, wait = 'auto' }: Input): Promise<Answer> {
  const { io } = context
  const isTerminal = tty || command.length === 0
  if (isTerminal && io.terminal === null) {
    throw new Fault('invalid', 'there is no terminal here', { fix: 'give a command after --' })
  }
  const terminal = isTerminal ? io.terminal : null
  const streams = await connectAgent(context, workspace, { agent: wait !== 'no', scripts: wait })
  const stream = streams.open({
    kind: 'process',
    // As ssh does it: the words, with spaces between, for the shell over there.
    command: command.join(' '),
    terminal: terminal?.size() ?? null,
    session: null,
  })
  let exitCode = 0
  async function* output(): AsyncGenerator<Uint8Array> {
    using _ = streams
    using _input = sendInput(io, stream, terminal)
    const leave = (): void => void stream.destroy()
    io.signal.addEventListener('abort', leave, { once: true })
    try {
      const ending = yield* outputOf(stream, io)
      exitCode = ending
    } catch (thrown) {
      if (!io.signal.aborted) throw new Fault('unavailable', toError(thrown).message)
    } finally {
      io.signal.removeEventListener('abort', leave)
    }
  }
  return {
    ...raw(output()),
    get exitCode() {
      return exitCode
    },
  }
}

/** A file that is piped in may come as one piece. */
const inputBytesMax = 64 * 1024

/** What is typed, or piped in, until the command has ended. */
function sendInput({ stdin }: Io, stream: Duplex, terminal: Terminal | null): Disposable {
  const type = (bytes: Buffer): void => {
    let hasRoom = true
    for (let at = 0; at < bytes.length && !stream.destroyed; at += inputBytesMax) {
      hasRoom = stream.write(recordOf('input', bytes.subarray(at, at + inputBytesMax)))
    }
    if (hasRoom || stream.destroyed) return
    stdin.pause()
    stream.once('drain', () => stdin.resume())
  }
  const finish = (): void => void (stream.destroyed || stream.write(recordOf('input_end')))
  const resized = terminal?.onResize(() => void stream.write(recordOf('size', JSON.stringify(terminal.size()))))
  terminal?.raw(true)
  stdin.on('data', type).once('end', finish)
  return {
    [Symbol.dispose]() {
      stdin.off('data', type).off('end', finish).pause()
      resized?.[Symbol.dispose]()
      terminal?.raw(false)
    },
  }
}

import { Worker } from 'node:worker_threads'
import type { HclAnswer, HclQuestion } from './hcl-thread.ts'

/** Reads HCL as JSON. */
export interface HclReader extends AsyncDisposable {
  read(question: HclQuestion): Promise<HclAnswer>
}

/**
 * The parser is HashiCorp's own, in WebAssembly. A text that is nested deeply enough runs it out of stack, after which it
 * never answers again; and a large one takes its time. So it has a thread of its own, which goes on to the next text, and
 * which is ended and started anew after a text that it could not cope with.
 */
export function openHclReader({ timeoutMs = 20_000 }: { timeoutMs?: number } = {}): HclReader {
  let thread: Worker | null = null
  let last: Promise<unknown> = Promise.resolve()
  const end = async () => {
    const ending = thread
    thread = null
    await ending?.terminate()
  }
  const answer = async (question: HclQuestion): Promise<HclAnswer> => {
    thread ??= startThread()
    const given = await ask(thread, question, timeoutMs)
    if (given.kind === 'broken') await end()
    return given
  }
  return {
    read: (question) => {
      const mine = last.then(() => answer(question))
      last = mine.catch(() => {})
      return mine
    },
    [Symbol.asyncDispose]: async () => {
      await last
      await end()
    },
  }
}

function startThread(): Worker {
  const thread = new Worker(new URL('./hcl-thread.ts', import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 256 },
    // A parser that dies prints where it was, many times over.
    stdout: true,
    stderr: true,
  })
  thread.stdout.resume()
  thread.stderr.resume()
  // It may say why it ends when nobody asks any more; an error that nobody hears would end the server.
  thread.on('error', () => {})
  // Nobody waits for it alone.
  thread.unref()
  return thread
}

function ask(thread: Worker, question: HclQuestion, timeoutMs: number): Promise<HclAnswer> {
  const { promise, resolve } = Promise.withResolvers<HclAnswer>()
  const broken = (message: string) => resolve({ kind: 'broken', message })
  const onExit = () => broken('the parser ended')
  const onError = (thrown: Error) => broken(thrown.message)
  const timer = setTimeout(() => broken(`it took longer than ${timeoutMs / 1_000} seconds`), timeoutMs)
  thread.once('message', resolve)
  thread.once('error', onError)
  thread.once('exit', onExit)
  thread.ref()
  thread.postMessage(question)
  return promise.finally(() => {
    clearTimeout(timer)
    thread.unref()
    thread.off('message', resolve)
    thread.off('error', onError)
    thread.off('exit', onExit)
  })
}

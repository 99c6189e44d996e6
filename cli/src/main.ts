import { hostname } from 'node:os'
import { processIo } from './io.ts'
import { run } from './run.ts'
import { interrupted, readerGone, type Stopped, terminated } from './stopped.ts'

/**
 * The `reeve` command as a process: signals, pipes and proxies around `run`. The first Ctrl-C lets the command end
 * properly, the second ends it at once.
 */
export async function main(argv: readonly string[]): Promise<never> {
  const stop = new AbortController()
  const onSignal = (why: () => Stopped) => () => {
    if (stop.signal.aborted) process.exit(why().exitCode)
    stop.abort(why())
  }
  process.on('SIGINT', onSignal(interrupted))
  process.on('SIGTERM', onSignal(terminated))
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      stop.abort(readerGone())
    })
  }
  if (Object.keys(process.env).some((name) => /^https?_proxy$/i.test(name))) {
    const { useProxy } = await import('./proxy.ts')
    useProxy(process.env)
  }
  process.exit(await run(argv, processIo(stop.signal, hostname())))
}

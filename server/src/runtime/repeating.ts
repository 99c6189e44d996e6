/** Work that is done over and over, never twice at a time. */
export interface Repeating extends AsyncDisposable {
  /** Does it now; when it is being done, once more after that. */
  again(): void
}

export function repeating(work: () => Promise<void>, everyMs: number, onError: (thrown: unknown) => void): Repeating {
  let running: Promise<void> | null = null
  let wanted = false
  const stopped = new AbortController()
  const loop = async (): Promise<void> => {
    do {
      wanted = false
      await work().catch(onError)
    } while (wanted && !stopped.signal.aborted)
    running = null
  }
  const again = (): void => {
    wanted = true
    if (!stopped.signal.aborted) running ??= loop()
  }
  const timer = setInterval(again, everyMs)
  timer.unref()
  return {
    again,
    async [Symbol.asyncDispose]() {
      stopped.abort()
      clearInterval(timer)
      await running
    },
  }
}

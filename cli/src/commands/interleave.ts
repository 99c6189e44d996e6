/** What several say, as they say it. Ends with the last of them; the first that fails ends them all. */
export async function* interleave<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const open = sources.map((source) => source[Symbol.asyncIterator]())
  const next = async (from: AsyncIterator<T>) => ({ from, told: await from.next() })
  const waiting = new Map(open.map((from) => [from, next(from)]))
  try {
    while (waiting.size > 0) {
      const { from, told } = await Promise.race(waiting.values())
      waiting.delete(from)
      if (told.done === true) continue
      // Behind the others: one that always has something to say does not keep them from being heard.
      waiting.set(from, next(from))
      yield told.value
    }
  } finally {
    for (const [from, promise] of waiting) {
      promise.catch(() => {})
      void from.return?.()?.catch(() => {})
    }
  }
}

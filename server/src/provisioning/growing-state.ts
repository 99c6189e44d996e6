/** Terraform says that something was made a moment before it writes that down. */
const afterMs = 200

export interface GrowingState extends Disposable {
  readonly onChange: () => void
  /** Reads it once more: the newest that was there whole at any time, null where there was none. */
  newest(): Buffer | null
}

interface Options {
  readonly onState?: ((state: Buffer) => void) | undefined
  /** What ends the run. */
  readonly signals: readonly AbortSignal[]
}

/**
 * Reads the state while it grows, and hands it on; what is handed on is never older than what was before. A change makes
 * it be looked at shortly after. So does a signal, before whoever is ended by it hears of it: Terraform writes over its
 * state in place, and killed in the middle of that it leaves half of it.
 */
export function growingState(read: () => Buffer | null, { onState, signals }: Options): GrowingState {
  let timer: NodeJS.Timeout | null = null
  let last: { readonly serial: number; readonly state: Buffer } | null = null
  const take = (): void => {
    const state = read()
    if (state === null) return
    const { serial } = Object(JSON.parse(state.toString('utf8')))
    if (typeof serial !== 'number' || (last !== null && serial <= last.serial)) return
    last = { serial, state }
    onState?.(state)
  }
  const look = (): void => {
    timer = null
    try {
      take()
    } catch {
      // Too large, or not to be read: the end of the run says so.
    }
  }
  for (const signal of signals) signal.addEventListener('abort', look)
  return {
    onChange: () => void (timer ??= setTimeout(look, afterMs)),
    newest() {
      take()
      return last?.state ?? null
    },
    [Symbol.dispose]() {
      if (timer !== null) clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', look)
    },
  }
}

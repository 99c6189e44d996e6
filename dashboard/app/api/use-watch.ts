import { type Events, type Followed, follow } from '@reeve/sdk'
import { useEffect, useRef, useState } from 'react'

/**
 * What a live view is doing. `off`: not asked to watch. `paused`: the tab is in the background, where nothing is read
 * and the browser's few connections are better left to others. `lost`: the next attempt is made after `retryMs`.
 */
export type WatchState =
  { readonly kind: 'off' | 'paused' | 'connecting' | 'live' } | { readonly kind: 'lost'; readonly retryMs: number }

/**
 * Keeps one watch stream open while `enabled` and the tab is in front. `onChange` runs for every event, and once with
 * null for each connection: what changed before it was not told.
 */
export function useWatch<R>(
  key: string,
  enabled: boolean,
  connect: (signal: AbortSignal) => Promise<Events<R>>,
  onChange: (event: R | null) => void,
): WatchState {
  const [state, setState] = useState<WatchState>({ kind: 'off' })
  const latest = useRef({ connect, onChange })
  useEffect(() => {
    latest.current = { connect, onChange }
  })

  useEffect(() => {
    if (!enabled) {
      setState({ kind: 'off' })
      return
    }
    let running: AbortController | null = null
    const stop = () => {
      running?.abort()
      running = null
    }
    const start = () => {
      const mine = new AbortController()
      running = mine
      setState({ kind: 'connecting' })
      const watch = follow(() => latest.current.connect(mine.signal), { signal: mine.signal })
      void listen(watch, mine.signal, setState, (event) => latest.current.onChange(event))
    }
    const onVisibility = () => {
      stop()
      if (document.hidden) setState({ kind: 'paused' })
      else start()
    }
    onVisibility()
    document.addEventListener('visibilitychange', onVisibility)
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      stop()
    }
  }, [key, enabled])

  return state
}

async function listen<R>(
  watch: AsyncGenerator<Followed<R>, void>,
  signal: AbortSignal,
  setState: (state: WatchState) => void,
  onChange: (event: R | null) => void,
): Promise<void> {
  try {
    for await (const told of watch) {
      if (signal.aborted) return
      if (told.kind === 'lost') setState({ kind: 'lost', retryMs: told.retryMs })
      else {
        setState({ kind: 'live' })
        onChange(told.kind === 'event' ? told.event : null)
      }
    }
  } catch {
    // Answers that trying again would not change (signed out, not allowed) are shown by the queries of the page.
    if (!signal.aborted) setState({ kind: 'off' })
  }
}

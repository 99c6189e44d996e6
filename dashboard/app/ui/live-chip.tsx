import { Pause, Radio, TriangleAlert } from 'lucide-react'
import type { WatchState } from '../api/use-watch.ts'

/** Whether what is shown follows what happens. */
export function LiveChip({ state }: { state: WatchState }) {
  if (state.kind === 'off') return null
  const shape = 'inline-flex items-center gap-1.5 text-xs'
  if (state.kind === 'live') {
    return (
      <span className={`${shape} text-ok`}>
        <Radio size={13} aria-hidden /> live
      </span>
    )
  }
  if (state.kind === 'lost') {
    return (
      <span className={`${shape} text-warn`}>
        <TriangleAlert size={13} aria-hidden /> reconnecting ({Math.max(1, Math.round(state.retryMs / 1000))} s)
      </span>
    )
  }
  return (
    <span className={`${shape} text-muted`}>
      <Pause size={13} aria-hidden /> {state.kind === 'paused' ? 'paused' : 'connecting'}
    </span>
  )
}

import { systemClock } from '@reeve/base'
import { useEffect, useState } from 'react'

/** The present, told again every `everyMs`: for running durations and "3 min ago". */
export function useNow(everyMs = 30_000): Date {
  const [now, setNow] = useState(() => systemClock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(systemClock.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

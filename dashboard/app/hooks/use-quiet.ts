import { useIsFetching } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

const quietMs = 2000

/** The page comes first: what stands beside it looks once nothing else is being asked for. */
export function useQuiet(): boolean {
  const [quiet, setQuiet] = useState(false)
  const busy = useIsFetching() > 0
  useEffect(() => {
    if (quiet || busy) return
    const timer = setTimeout(() => setQuiet(true), quietMs)
    return () => clearTimeout(timer)
  }, [quiet, busy])
  return quiet
}

import { useEffect, useRef } from 'react'

/** A value or, while there is none, the last one that there was: what is shown stays until something better is known. */
export function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value)
  useEffect(() => {
    if (value !== undefined) last.current = value
  }, [value])
  return value ?? last.current
}

import { useState } from 'react'

/** A value or, while there is none, the last one that there was: what is shown stays until something better is known. */
export function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value ?? last
}

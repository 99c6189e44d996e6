import { useSearch } from '@tanstack/react-router'
import type { Zone } from '../ui/instant.ts'

/** The zone that times are shown in; it is in the URL, so that a copied link shows the same times. */
export function useZone(): Zone {
  return useSearch({ strict: false, select: (search) => (search.tz === 'utc' ? 'utc' : 'local') })
}

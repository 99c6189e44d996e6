import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'

/**
 * The path of the page that Back has led away from to this one; null where this page was opened in any other way.
 * Whoever comes back finds what they left, and not something newer in its place.
 */
export function useLeftFor(): string | null {
  const router = useRouter()
  // While a page is drawn for the first time, the router still holds the one before as the page that is shown.
  const [path] = useState(() => {
    const shown = router.state.resolvedLocation
    if (shown === undefined) return null
    return router.latestLocation.state.__TSR_index < shown.state.__TSR_index ? shown.pathname : null
  })
  return path
}

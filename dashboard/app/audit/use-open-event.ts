import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'

/**
 * Which event is open beside the list: the address says it. Back closes what was opened from here; what was opened by
 * its address is closed where it stands, since Back would lead away.
 */
export function useOpenEvent() {
  const { event = null } = useSearch({ from: '/app/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const router = useRouter()
  const byAddress = useRef(event !== null)
  const put = (next: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, event: next }), replace: true, resetScroll: false })
  return {
    event,
    show: put,
    /** Closes it for the list of a filter. */
    filter(q: string) {
      byAddress.current = false
      void navigate({ search: (old) => ({ tz: old.tz, q }) })
    },
    close() {
      if (byAddress.current) put(undefined)
      else router.history.back()
      byAddress.current = false
    },
  }
}

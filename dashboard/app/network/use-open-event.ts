import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'

/** Which decision is open beside the list: the address says it, by its id or by that of a denial. */
export function useOpenEvent() {
  const { event = null } = useSearch({ from: '/app/network' })
  const navigate = useNavigate({ from: '/network' })
  const router = useRouter()
  const byAddress = useRef(event !== null)
  const put = (next: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, event: next }), replace: true, resetScroll: false })
  return {
    event,
    show: put,
    /** Back closes what was opened from here; what was opened by its address is closed where it stands. */
    close() {
      if (byAddress.current) put(undefined)
      else router.history.back()
      byAddress.current = false
    },
  }
}

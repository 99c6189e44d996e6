import { useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { usePage } from '../shell/page.ts'

/** Somebody came from an app of a workspace to be signed in, and is by now: the server takes him back there. */
export function OpenAppPage() {
  const { redirect_uri: to = '', state = '' } = useSearch({ from: '/open-app' })
  usePage({ title: 'Opening an app' })
  useEffect(() => {
    const query = new URLSearchParams({ redirect_uri: to, state })
    window.location.replace(`/api/v2/applications/auth-redirect?${query.toString()}`)
  }, [to, state])
  return <p className="late px-4 py-4 text-muted">Opening the app …</p>
}

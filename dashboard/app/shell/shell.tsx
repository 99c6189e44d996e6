import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Outlet, useMatches, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { useQuiet } from '../hooks/use-quiet.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { Closed } from './closed.tsx'
import { copyPermalink, Header, useZoneToggle } from './header.tsx'
import { places, placesFor } from './navigation.ts'
import { Rail } from './rail.tsx'

const LicenseBanner = lazy(() =>
  import('./license-banner.tsx').then(({ LicenseBanner }) => ({ default: LicenseBanner })),
)
const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })))
const ShortcutSheet = lazy(() =>
  import('./shortcut-sheet.tsx').then(({ ShortcutSheet }) => ({ default: ShortcutSheet })),
)

/** The frame around every page of somebody signed in. */
export function Shell() {
  const { data: user } = useSuspenseQuery(me)
  const [overlay, setOverlay] = useState<'palette' | 'help' | null>(null)
  const navigate = useNavigate()
  const toggleZone = useZoneToggle()
  const signOut = useSignOut()
  const may = useMay()
  const quiet = useQuiet()
  const entries = placesFor(may)
  // Of the page that is shown, which is not yet the one that is gone to.
  const path = useMatches({ select: (matches) => matches.at(-1)?.pathname })
  const closed = places.find(({ to }) => to === path && entries.every((entry) => entry.to !== to))

  useShortcuts({
    ...Object.fromEntries(entries.map(({ letter, to }) => [`g ${letter}`, () => void navigate({ to })])),
    '?': () => setOverlay('help'),
    y: () => void copyPermalink(),
    z: toggleZone,
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || event.shiftKey || event.altKey || event.ctrlKey === event.metaKey) return
      event.preventDefault()
      setOverlay('palette')
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])

  return (
    <div className="flex h-dvh flex-col md:flex-row">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-page p-2 text-link focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        Skip to content
      </a>
      <Rail entries={entries} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Header
          user={user}
          onPalette={() => setOverlay('palette')}
          onHelp={() => setOverlay('help')}
          onSignOut={signOut}
        />
        <Suspense fallback={null}>{quiet && may('license:read', 'everywhere') && <LicenseBanner />}</Suspense>
        <main
          id="main"
          tabIndex={-1}
          data-scroll-restoration-id="main"
          className="relative min-h-0 flex-1 scroll-pt-12 overflow-y-auto pb-14 focus-visible:outline-none md:pb-0"
        >
          {closed === undefined ? <Outlet /> : <Closed of={closed} />}
        </main>
      </div>
      <div id="announcements" aria-live="polite" className="sr-only" />
      <Suspense fallback={null}>
        {overlay === 'palette' && <Palette entries={entries} onClose={() => setOverlay(null)} />}
        {overlay === 'help' && <ShortcutSheet entries={entries} onClose={() => setOverlay(null)} />}
      </Suspense>
    </div>
  )
}

function useSignOut(): () => void {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate } = useMutation({
    mutationFn: () => client.call(endpoints.logout),
    onSettled: async () => {
      await navigate({ to: '/login' })
      queries.clear()
    },
  })
  return () => mutate()
}

import type { ReactNode } from 'react'
import { Mark } from '../shell/rail.tsx'

/** The frame of the pages before somebody is signed in. */
export function Gate({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-full max-w-sm flex-col justify-center px-4 py-10">
      <div className="mb-6 flex items-center gap-2.5">
        <Mark />
        <span className="text-lg font-semibold tracking-tight">Reeve</span>
      </div>
      <h1 className="mb-5 text-xl">{title}</h1>
      {children}
    </main>
  )
}

/** Where to go after signing in: an address of this console and nothing else. */
export const safePath = (to: string | undefined): string => {
  if (to === undefined || !to.startsWith('/')) return '/sessions'
  const url = new URL(to, location.origin)
  return url.origin === location.origin ? url.pathname + url.search : '/sessions'
}

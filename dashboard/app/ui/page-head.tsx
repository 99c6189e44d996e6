import type { ReactNode } from 'react'

/** What stands above a page: its name, what it is about, and what can be done there. */
export function PageHead({ title, about, children }: { title: ReactNode; about: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-end gap-4">
      <div className="min-w-0 flex-1 basis-64">
        <h1 className="truncate text-lg">{title}</h1>
        <div className="text-muted">{about}</div>
      </div>
      {children}
    </div>
  )
}

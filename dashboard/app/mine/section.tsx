import type { Fault } from '@reeve/base'
import { type ReactNode, useId } from 'react'
import { FaultNotice } from '../ui/notice.tsx'

/** One part of a page that has several: its heading, what it is for, and what became of reading it. */
export function Section({
  title,
  about,
  what,
  fault = null,
  onRetry,
  aside,
  anchor,
  children,
}: {
  title: string
  about: ReactNode
  /** What could not be read, when it could not. */
  what: string
  fault?: Fault | null
  onRetry?: () => void
  aside?: ReactNode
  /** The fragment of the address that leads to it. */
  anchor?: string
  children?: ReactNode
}) {
  const id = useId()
  return (
    <section id={anchor} aria-labelledby={id} className="space-y-2">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="text-base">
            {title}
          </h2>
          <p className="text-muted">{about}</p>
        </div>
        {aside}
      </div>
      {fault !== null && (
        <FaultNotice what={`${what} could not be read`} fault={fault} {...(onRetry === undefined ? {} : { onRetry })} />
      )}
      {children}
    </section>
  )
}

import type { Fault } from '@reeve/base'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import { HostileLine } from './hostile-text.tsx'

/** What failed, what to do about it and what to quote when asking for help; in place, beside what is still shown. */
export function FaultNotice({
  what,
  fault,
  stale = false,
  onRetry,
}: {
  /** What could not be done: "The sessions could not be read". */
  what: string
  fault: Fault
  /** Whether what is shown below is from before. */
  stale?: boolean
  onRetry?: () => void
}) {
  const details = [what, fault.message, fault.fix, fault.requestId === undefined ? '' : `request ${fault.requestId}`]
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-bad bg-bad-tint px-3 py-2"
    >
      <div className="min-w-0 flex-1 basis-72">
        <p className="font-medium text-bad">{what}</p>
        <p>
          <HostileLine text={fault.message} />
          {fault.fix !== undefined && (
            <>
              {'. '}
              <HostileLine text={fault.fix} />
            </>
          )}
        </p>
        {fault.problems.map(({ field, detail }) => (
          <p key={field + detail}>
            <HostileLine text={`${field}: ${detail}`} />
          </p>
        ))}
        <p className="text-xs text-muted">
          {stale && 'What is shown below is from before. '}
          {fault.requestId !== undefined && <span className="mono">request {fault.requestId}</span>}
        </p>
      </div>
      <div className="flex gap-2">
        <CopyButton label="Copy details" text={details.filter(Boolean).join('\n')} />
        {onRetry !== undefined && <Button onClick={onRetry}>Retry</Button>}
      </div>
    </div>
  )
}

/** An empty place that says why it is empty and what the next step is. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto max-w-xl px-4 py-14 text-center">
      <h2 className="text-lg">{title}</h2>
      <div className="mt-2 space-y-4 text-balance text-muted">{children}</div>
    </div>
  )
}

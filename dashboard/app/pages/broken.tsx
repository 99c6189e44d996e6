import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { faultOf } from '../api/query-client.ts'
import { Empty, FaultNotice } from '../ui/notice.tsx'

/** When a page cannot be shown at all; panels show their own faults in place. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <div className="mx-auto max-w-2xl p-6">
      <h1 className="sr-only">This page cannot be shown</h1>
      <FaultNotice
        what="This page cannot be shown"
        fault={faultOf(error)}
        onRetry={() => {
          reset()
          void router.invalidate()
        }}
      />
    </div>
  )
}

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <p>
        <Link to="/sessions" className="text-link underline">
          Go to the sessions
        </Link>
      </p>
    </Empty>
  )
}

import { Empty } from '../ui/notice.tsx'
import type { Entry } from './navigation.ts'
import { usePage } from './page.ts'

/** A page that the server would not answer to this viewer, opened by its address. */
export function Closed({ of: { title, needs } }: { of: Entry }) {
  usePage({ title })
  return (
    <>
      <h1 className="sr-only">{title}</h1>
      <Empty title="This page is not for you">
        <p>
          None of your roles has the permission <code className="mono">{needs?.[0]}</code>
          {needs?.[1] === 'everywhere' && ' for everything'}. Whoever gives roles here can change that.
        </p>
      </Empty>
    </>
  )
}

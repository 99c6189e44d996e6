import { Empty } from '../ui/notice.tsx'
import { usePage } from './page.ts'

/** A page that the server would not answer to this viewer, opened by its address. */
export function Closed({ title }: { title: string }) {
  usePage({ title })
  return (
    <>
      <h1 className="sr-only">{title}</h1>
      <Empty title="This page is not for you">
        <p>None of your roles lets you read what is on it. Whoever gives roles here can change that.</p>
      </Empty>
    </>
  )
}

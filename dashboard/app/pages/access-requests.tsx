import type { AccessRequest } from '@reeve/sdk'
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { Decide, type How } from '../access-requests/decide.tsx'
import { requestColumns } from '../access-requests/request-columns.tsx'
import { canAnswer, keys, RequestDrawer } from '../access-requests/request-drawer.tsx'
import { accessRequests } from '../api/access-requests.ts'
import { useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import { useList } from '../table/use-list.ts'
import { ViewTabs } from '../table/view-tabs.tsx'
import { Empty } from '../ui/notice.tsx'
import { useQuery } from '@tanstack/react-query'

const shows = { pending: 'Waiting', all: 'All' } as const

/** What was asked for after a denial, and the place to decide about it. */
export function AccessRequestsPage() {
  const search = useSearch({ from: '/app/access-requests' })
  const show = search.show === 'all' ? 'all' : 'pending'
  const q = show === 'all' ? '' : 'status:pending'
  const navigate = useNavigate({ from: '/access-requests' })
  const router = useRouter()
  const list = useList(accessRequests(q))
  const decides = useMay()('access_request:update')
  const { data: viewer } = useQuery(me)
  const [deciding, setDeciding] = useState<{ request: AccessRequest; how: How } | null>(null)
  const byAddress = useRef(search.request !== undefined)
  usePage(listPage('Access requests', 'reeve access list', '/api/v2/boundaries/access-requests', q === '' ? {} : { q }))

  const onKey = (how: How) => () => {
    const request = list.rows[focusedRow()]
    if (request === undefined || !decides || request.status !== 'pending') return false
    if (request.requester.id === viewer?.id || !canAnswer(request, how)) return false
    setDeciding({ request, how })
    return true
  }
  useShortcuts(Object.fromEntries(Object.entries(keys).map(([key, how]) => [key, onKey(how)])))
  const close = () => {
    if (byAddress.current) void navigate({ search: (old) => ({ ...old, request: undefined }), replace: true })
    else router.history.back()
    byAddress.current = false
  }
  return (
    <>
      <ListPage
        title="Access requests"
        caption="Access requests, newest first"
        noun="access request"
        list={list}
        columns={requestColumns}
        aside={
          <ViewTabs
            label="Which"
            views={shows}
            current={show}
            onChange={(next) =>
              void navigate({ search: ({ tz }) => ({ tz, show: next === 'all' ? 'all' : undefined }) })
            }
          />
        }
        empty={<Nothing all={show === 'all'} decides={decides} />}
      >
        {decides && list.rows.length > 0 && (
          <p className="px-4 pb-2 text-muted">
            Keys for the row with the focus: <kbd>a</kbd> approve as asked, <kbd>n</kbd> narrower, <kbd>t</kbd> another
            time, <kbd>d</kbd> decline. Nobody decides about his own.
          </p>
        )}
      </ListPage>
      {search.request !== undefined && (
        <RequestDrawer
          key={search.request}
          id={search.request}
          listed={list.rows.find(({ id }) => id === search.request)}
          onDecide={(request, how) => setDeciding({ request, how })}
          onClose={close}
        />
      )}
      {deciding !== null && <Decide {...deciding} onClose={() => setDeciding(null)} />}
    </>
  )
}

/** The row that the focus is in, by its place in the list; -1 where it is in none. */
function focusedRow(): number {
  const row = document.activeElement?.closest('tr[data-index]')
  return row instanceof HTMLElement ? Number(row.dataset['index']) : -1
}

const Nothing = ({ all, decides }: { all: boolean; decides: boolean }) => (
  <Empty title={all ? 'Nobody has asked for access yet' : 'Nothing waits to be decided'}>
    <p>
      {decides
        ? 'What agents are denied can be asked for, by those who run them. It comes here, with the narrowest rule that would do.'
        : 'What an agent of yours is denied you can ask for: with reeve access request, or at the decision under Network.'}
    </p>
  </Empty>
)

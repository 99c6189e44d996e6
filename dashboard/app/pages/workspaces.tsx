import { WorkspaceStatus } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { useMay } from '../api/may.ts'
import { hasEnded, workspaces } from '../api/workspaces.ts'
import { type Page, shellWord, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { type Asking, useListSearch } from '../table/use-list-search.ts'
import { Whose } from '../table/whose.tsx'
import { buttonClass } from '../ui/button.tsx'
import { Empty } from '../ui/notice.tsx'
import { workspaceColumns } from '../workspaces/columns.tsx'
import { Quota } from '../workspaces/quota.tsx'

const keys: readonly QueryKey[] = [
  { key: 'status', hint: 'where its last build got it', values: WorkspaceStatus.options },
  { key: 'template', hint: 'the name of a template', values: [], menu: false },
  { key: 'owner', hint: 'a username, or me', values: ['me'], menu: false },
  { key: 'name', hint: 'its whole name', values: [], menu: false },
  { key: 'outdated', hint: 'of another version than the active one', values: ['true', 'false'], menu: false },
  { key: 'dormant', hint: 'asleep, as nobody used it', values: ['true', 'false'], menu: false },
  { key: 'shared', hint: 'with anybody', values: ['true', 'false'], menu: false },
]

const lookAgainMs = 3_000

/** The workspaces that the viewer may see. While one of them is being built, all are looked at again. */
export function WorkspacesPage() {
  const may = useMay()
  const asking = useListSearch()
  const list = useList({
    ...workspaces(asking.q),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ rows }) => rows.some(({ latest_build: { job } }) => !hasEnded(job))) === true
        ? lookAgainMs
        : false,
  })
  usePage(asPage(asking))
  const fromTemplate = may('workspace:create', 'mine') && may('template:read')
  return (
    <ListPage
      title="Workspaces"
      noun="workspace"
      list={list}
      columns={workspaceColumns}
      filters={{ asking, label: 'Query the workspaces', keys, ranged: false }}
      ownOnly={!may('workspace:read')}
      aside={
        fromTemplate && (
          <Link to="/templates" className={buttonClass('primary')}>
            Choose a template
          </Link>
        )
      }
      empty={
        <Empty title="There is no workspace yet">
          <p>A workspace is a template made into something for one person: a container, a machine, a cluster.</p>
        </Empty>
      }
    >
      <Quota />
      {may('workspace:read') && <Whose label="Whose workspaces" asking={asking} keys={keys.map(({ key }) => key)} />}
    </ListPage>
  )
}

function asPage({ q }: Asking): Page {
  const path = '/api/v2/workspaces'
  return {
    title: 'Workspaces',
    cli: `reeve workspaces list ${shellWord(q)}`,
    api: q === '' ? path : `${path}?${new URLSearchParams({ q })}`,
  }
}

import { TaskStatus } from '@reeve/sdk'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMay } from '../api/may.ts'
import { isMoving, tasks } from '../api/tasks.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { type Page, shellWord, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { type Asking, useListSearch } from '../table/use-list-search.ts'
import { useChosen } from '../table/use-chosen.tsx'
import { Whose } from '../table/whose.tsx'
import { Bulk } from '../tasks/bulk.tsx'
import { taskColumns, titleOf } from '../tasks/columns.tsx'
import { Composer } from '../tasks/composer.tsx'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Empty } from '../ui/notice.tsx'

const keys: readonly QueryKey[] = [
  { key: 'status', hint: 'where it is', values: TaskStatus.options },
  { key: 'template', hint: 'the name of a template', values: [], menu: false },
  { key: 'owner', hint: 'a username, or me', values: ['me'], menu: false },
  { key: 'label', hint: 'a label, as in pipeline=4711', values: [], menu: false },
  { key: 'organization', hint: 'the name of an organization', values: [], menu: false },
]

const lookAgainMs = 3_000

/** The tasks that the viewer may see, and the place to begin one. While one of them goes on, all are looked at again. */
export function TasksPage() {
  const { new: making } = useSearch({ from: '/app/tasks' })
  const navigate = useNavigate({ from: '/tasks' })
  const may = useMay()
  const asking = useListSearch()
  const list = useList({
    ...tasks(asking.q),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ rows }) => rows.some(isMoving)) === true ? lookAgainMs : false,
  })
  usePage(asPage(asking))
  const choosing = useChosen(list.rows, titleOf)
  const mayMake = may('task:create', 'mine')
  const make = (wanted: boolean) =>
    void navigate({ search: (old) => ({ ...old, new: wanted ? 'task' : undefined }), resetScroll: false })
  useShortcuts({ c: () => (mayMake ? make(true) : false) })
  return (
    <>
      <ListPage
        title="Tasks"
        noun="task"
        list={list}
        columns={[choosing.column, ...taskColumns]}
        filters={{ asking, label: 'Query the tasks', keys, ranged: false }}
        ownOnly={!may('task:read')}
        aside={
          mayMake && (
            <Button tone="primary" aria-keyshortcuts="c" title="New task (c)" onClick={() => make(true)}>
              New task
            </Button>
          )
        }
        empty={
          <Empty title="There is no task yet">
            <p>A task gives a coding agent something to do, by itself, in a workspace that is made for it.</p>
            <Commands
              label="From a terminal"
              lines={['reeve tasks create -t agent-small "Fix the flaky billing test"']}
            />
          </Empty>
        }
      >
        {may('task:read') && <Whose label="Whose tasks" asking={asking} keys={keys.map(({ key }) => key)} />}
        <Bulk chosen={choosing.chosen} onKeep={choosing.keep} />
      </ListPage>
      {making !== undefined && mayMake && <Composer templateId={making} onClose={() => make(false)} />}
    </>
  )
}

function asPage({ q }: Asking): Page {
  const path = '/api/v2/tasks'
  return {
    title: 'Tasks',
    cli: `reeve tasks list ${shellWord(q)}`,
    api: q === '' ? path : `${path}?${new URLSearchParams({ q })}`,
  }
}

import { type AgentWorkspaceBuild, buildReasons, BuildTrigger } from '@reeve/sdk'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronDown, Download } from 'lucide-react'
import { type BuildsAsked, builds, buildsFile, type Counted } from '../api/licenses.ts'
import { Section } from '../mine/section.tsx'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { useList } from '../table/use-list.ts'
import { buttonClass } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Menu } from '../ui/menu.tsx'
import { Empty } from '../ui/notice.tsx'

const countedWords: Readonly<Record<Counted, string>> = { yes: 'Counted', no: 'Not counted', all: 'All starts' }
const triggerWords: Readonly<Record<BuildTrigger, string>> = {
  create: 'Created',
  resume: 'Resumed',
  manual_start: 'Started by hand',
  autostart: 'Started by schedule',
}

/** A name as it was at the time. */
const named = (of: { readonly name: string } | null) => (of === null ? null : <HostileLine text={of.name} />)

const columns: readonly Column<AgentWorkspaceBuild>[] = [
  { id: 'time', title: 'Time', width: '10rem', cell: ({ time }) => <Time at={time} /> },
  { id: 'task', title: 'Task', cell: ({ task, workspace }) => named(task ?? workspace) },
  { id: 'template', title: 'Template', width: '10rem', cell: ({ template }) => named(template) },
  { id: 'owner', title: 'Owner', width: '8rem', cell: ({ owner }) => named(owner) },
  { id: 'organization', title: 'Organization', width: '8rem', room: 'much', cell: (row) => named(row.organization) },
  { id: 'reason', title: 'Why', width: '20rem', wide: true, cell: ({ reason }) => buildReasons[reason] },
]

/** Each build that counted with the reason, and on request those that did not. What was chosen is in the address. */
export function Builds() {
  const search = useSearch({ strict: false })
  const navigate = useNavigate()
  const counted: Counted = search.counted === 'no' || search.counted === 'all' ? search.counted : 'yes'
  const trigger = BuildTrigger.safeParse(search.trigger).data
  const asked: BuildsAsked = { counted, trigger }
  const list = useList(builds(asked))
  const change = (next: { counted?: string; trigger?: string | undefined }) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...next }) })
  return (
    <Section
      title="Builds"
      about="Each once, newest first, and why it counts. Names are as they were at the time."
      what="The builds"
      fault={list.fault}
      onRetry={list.retry}
      aside={
        <div className="flex flex-wrap gap-2">
          <Choose
            label={countedWords[counted]}
            items={Object.entries(countedWords).map(([key, label]) => ({ key, label }))}
            chosen={counted}
            onChoose={(key) => change({ counted: key })}
          />
          <Choose
            label={trigger === undefined ? 'However started' : triggerWords[trigger]}
            items={[
              { key: '', label: 'However started' },
              ...Object.entries(triggerWords).map(([key, label]) => ({ key, label })),
            ]}
            chosen={trigger ?? ''}
            onChoose={(key) => change({ trigger: key === '' ? undefined : key })}
          />
          <a className={buttonClass()} href={buildsFile(asked)} download>
            <Download size={14} aria-hidden />
            CSV
          </a>
        </div>
      }
    >
      {list.count === null && list.fault === null && <TableSkeleton columns={columns} />}
      {list.rows.length > 0 && (
        <>
          <DataTable caption="Agent Workspace Builds" columns={columns} rows={list.rows} dimmed={list.stale} />
          <LoadMore
            shown={list.rows.length}
            count={list.count ?? 0}
            exactly={list.exactly}
            noun="builds"
            busy={list.moreBusy}
            onMore={list.more}
          />
        </>
      )}
      {list.count === 0 && !list.stale && (
        <Empty title={counted === 'yes' ? 'Nothing has counted yet' : 'There is nothing like this'}>
          <p>Each start of a workspace for the agent of a task will be here.</p>
        </Empty>
      )}
    </Section>
  )
}

function Choose({
  label,
  items,
  chosen,
  onChoose,
}: {
  label: string
  items: readonly { readonly key: string; readonly label: string }[]
  chosen: string
  onChoose: (key: string) => void
}) {
  return (
    <Menu
      label={`Show: ${label}`}
      className={buttonClass()}
      trigger={
        <>
          {label}
          <ChevronDown size={14} aria-hidden className="text-muted" />
        </>
      }
      items={items.map((item) => ({
        label: item.label,
        checked: item.key === chosen,
        onSelect: () => onChoose(item.key),
      }))}
    />
  )
}

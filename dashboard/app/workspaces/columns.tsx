import type { Workspace } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { Column } from '../table/data-table.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { WorkspaceState } from './status.tsx'
import { reasonWords, transitionWords } from './words.ts'

/** Who made the latest build, and how; null where nobody did. */
const byWhom = ({ latest_build: { initiator } }: Workspace): string | null => initiator?.username ?? null

export const workspaceColumns: readonly Column<Workspace>[] = [
  {
    id: 'name',
    title: 'Workspace',
    wide: true,
    cell: ({ id, name, task_id: task }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Link
          to="/workspaces/$workspace"
          params={{ workspace: id }}
          className="block min-w-0 truncate font-medium text-link"
        >
          <HostileLine text={name} inControl />
        </Link>
        {task !== null && <span className="shrink-0 rounded bg-hover px-1.5 text-xs text-muted">task</span>}
      </span>
    ),
  },
  {
    id: 'status',
    title: 'Status',
    width: '8rem',
    cell: ({ latest_build: { status } }) => <WorkspaceState status={status} />,
  },
  { id: 'owner', title: 'Owner', width: '10rem', cell: ({ owner }) => <Person user={owner} /> },
  {
    id: 'template',
    title: 'Template',
    width: '20rem',
    cell: (row) => <TemplateVersionOf workspace={row} />,
  },
  {
    id: 'build',
    title: 'Last build',
    width: '17rem',
    room: 'some',
    cell: (row) => {
      const { build_number: number, transition } = row.latest_build
      const who = byWhom(row)
      return (
        <HostileLine
          text={`#${number} ${transitionWords[transition]} ${reasonWords(row.latest_build)}${who === null ? '' : `, ${who}`}`}
        />
      )
    },
  },
  {
    id: 'at',
    title: 'Built',
    width: '11rem',
    room: 'much',
    cell: ({ latest_build: { created_at: at } }) => <Time at={at} />,
  },
]

/** The version that it was built with last, and whether the template has another one by now. */
export function TemplateVersionOf({ workspace }: { workspace: Workspace }) {
  const { template_name: name, template_display_name: shown, latest_build: build, outdated } = workspace
  return (
    <span className="flex min-w-0 gap-2">
      <span className="min-w-0 truncate">
        <HostileLine text={`${shown === '' ? name : shown}@${build.template_version_name}`} />
      </span>
      {outdated && <span className="shrink-0 text-warn">outdated</span>}
    </span>
  )
}

import type { Template } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { templates } from '../api/templates.ts'
import { useMay } from '../api/may.ts'
import { usePage } from '../shell/page.ts'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { FromStarter } from '../templates/from-starter.tsx'
import { Button } from '../ui/button.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

/** What workspaces and tasks are made of. Templates are pushed from where their source is: the command line, or CI. */
export function TemplatesPage() {
  usePage({ title: 'Templates', cli: 'reeve templates list', api: '/api/v2/templates' })
  const { data, error, refetch } = useQuery(templates)
  const may = useMay()
  const [beginning, setBeginning] = useState(false)
  return (
    <>
      <div className="px-4 pt-3 pb-3">
        <PageHead
          title="Templates"
          about="Folders of Terraform. Each push is a version; workspaces are made of the active one."
        >
          {may('template:create') && <Button onClick={() => setBeginning(true)}>Begin with a starter</Button>}
        </PageHead>
      </div>
      {beginning && <FromStarter onClose={() => setBeginning(false)} />}
      {error !== null && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The templates could not be read"
            fault={faultOf(error)}
            stale={data !== undefined}
            onRetry={() => void refetch()}
          />
        </div>
      )}
      {data === undefined && error === null && <TableSkeleton columns={columns} />}
      {data !== undefined && data.length > 0 && <DataTable caption="Templates" columns={columns} rows={data} />}
      {data?.length === 0 && (
        <Empty title="There is no template yet">
          <p>
            A template is a folder of Terraform that is pushed from the command line, or from CI. Some come with the
            server.
          </p>
          <p>
            <code className="font-mono">{pushCommand}</code> <CopyButton text={pushCommand} />
          </p>
        </Empty>
      )}
    </>
  )
}

const pushCommand = 'reeve templates push ./agent-small'

const columns: readonly Column<Template>[] = [
  {
    id: 'name',
    title: 'Template',
    wide: true,
    cell: ({ id, name, display_name: shown }) => (
      <Link to="/templates/$template" params={{ template: id }} className="font-medium text-link">
        <HostileLine text={shown === '' ? name : shown} />
      </Link>
    ),
  },
  {
    id: 'description',
    title: 'Description',
    wide: true,
    room: 'some',
    cell: ({ description }) => <HostileLine text={description} />,
  },
  {
    id: 'version',
    title: 'Active version',
    width: '9rem',
    cell: ({ active_version_name: name }) => <HostileLine text={name} />,
  },
  {
    id: 'for',
    title: 'For',
    width: '7rem',
    cell: ({ everyone }) => (everyone ? 'everyone' : 'its list'),
  },
  {
    id: 'organization',
    title: 'Organization',
    width: '10rem',
    room: 'some',
    cell: ({ organization_name: name }) => <HostileLine text={name} />,
  },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    cell: ({ deprecated }) => (deprecated ? <span className="text-warn">deprecated</span> : 'in use'),
  },
  {
    id: 'by',
    title: 'Made by',
    width: '9rem',
    room: 'much',
    cell: ({ created_by: by }) => (by === null ? '–' : <Person user={by} />),
  },
  { id: 'at', title: 'Changed', width: '11rem', room: 'much', cell: ({ updated_at: at }) => <Time at={at} /> },
]

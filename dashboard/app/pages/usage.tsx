import type { UsageReport } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChartColumn, ChevronDown, Download, Table2 } from 'lucide-react'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { usage, usageAddress } from '../api/usage.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { Section } from '../mine/section.tsx'
import { usePage } from '../shell/page.ts'
import { DataTable, TableSkeleton } from '../table/data-table.tsx'
import { Button, buttonClass } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'
import { zoneName } from '../ui/instant.ts'
import { Menu } from '../ui/menu.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { Bars } from '../usage/bars.tsx'
import { dayColumns, type Grouping, groupColumns, groupings, isGrouping, otherId, type Row } from '../usage/columns.tsx'
import { PeriodMenu } from '../usage/period-menu.tsx'
import { askedPeriod, type Period, zoneOf } from '../usage/period.ts'
import { Totals } from '../usage/totals.tsx'

/** How much was used: by class, by day, and by whatever is asked for. Everything that was chosen is in the URL. */
export function UsagePage() {
  const search = useSearch({ strict: false })
  const navigate = useNavigate()
  const zone = useZone()
  const now = useNow(3_600_000)
  const may = useMay()
  const seesOthers = may('usage:read')
  const by: Grouping = isGrouping(search.by) ? search.by : seesOthers ? 'user' : 'model'
  const isTable = search.view === 'table'
  const asked = { ...askedPeriod(search, zone, now), zone: zoneOf(zone) }
  const days = useQuery(usage(asked, 'day'))
  const rows = useQuery(usage(asked, by))
  const change = (next: Period & { by?: string; view?: string | undefined }) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...next }) })
  const flags = [
    asked.from === undefined ? '' : ` --from ${asked.from}`,
    asked.to === undefined ? '' : ` --to ${asked.to}`,
  ]
  usePage({ title: 'Usage', cli: `reeve usage --by ${by}${flags.join('')}`, api: usageAddress(asked, by) })

  return (
    <div className="mx-auto max-w-6xl space-y-8 px-4 py-6">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="text-lg">Usage</h1>
          <p className="text-muted">
            {seesOthers ? 'Requests and tokens, of everybody whose you may see.' : 'Your requests and tokens.'} Days are
            those of {zoneName(zone, now)}.
          </p>
        </div>
        <PeriodMenu period={search} zone={zone} onChange={({ from, to }) => change({ from, to })} />
      </div>
      {days.error !== null && (
        <FaultNotice
          what="The usage could not be read"
          fault={faultOf(days.error)}
          stale={days.data !== undefined}
          onRetry={() => void days.refetch()}
        />
      )}
      {days.data?.total.requests === 0 && <Nothing seesOthers={seesOthers} />}
      {days.data !== undefined && days.data.total.requests > 0 && (
        <>
          <Totals total={days.data.total} />
          <Section
            title="By day"
            about="When requests ended."
            what="The days"
            aside={
              <Button aria-pressed={isTable} onClick={() => change({ view: isTable ? undefined : 'table' })}>
                {isTable ? <ChartColumn size={14} aria-hidden /> : <Table2 size={14} aria-hidden />}
                {isTable ? 'As bars' : 'As a table'}
              </Button>
            }
          >
            {isTable ? (
              <DataTable
                caption="Usage by day, newest first"
                columns={dayColumns}
                rows={rowsOf(days.data).toReversed()}
                dimmed={days.isPlaceholderData}
              />
            ) : (
              <Bars rows={days.data.rows} />
            )}
          </Section>
          <Section
            title={`By ${groupings[by].title.toLowerCase()}`}
            about={rows.data?.overlapping === true ? overlap : 'Most tokens first.'}
            what="The rows"
            fault={rows.error === null ? null : faultOf(rows.error)}
            onRetry={() => void rows.refetch()}
            aside={
              <div className="flex flex-wrap gap-2">
                <ByMenu by={by} onChange={(next) => change({ by: next })} />
                <a className={buttonClass()} href={usageAddress(asked, by, '/csv')} download>
                  <Download size={14} aria-hidden />
                  CSV
                </a>
              </div>
            }
          >
            <Rows
              report={rows.data}
              by={by}
              leads={!seesOthers || may('interception:read')}
              stale={rows.isPlaceholderData}
            />
          </Section>
        </>
      )}
    </div>
  )
}

const overlap = 'Some people are in several groups and counted in each of them, so the rows are more than the total.'

function Rows({
  report,
  by,
  leads,
  stale,
}: {
  report: UsageReport | undefined
  by: Grouping
  leads: boolean
  stale: boolean
}) {
  // What is still shown may be by something else; its rows are named as what they are.
  const shown = report !== undefined && isGrouping(report.group_by) ? report.group_by : by
  const columns = groupColumns(shown, leads)
  if (report === undefined) return <TableSkeleton columns={columns} />
  return (
    <DataTable
      caption={`Usage by ${groupings[shown].title.toLowerCase()}`}
      columns={columns}
      rows={rowsOf(report)}
      dimmed={stale}
    />
  )
}

const rowsOf = ({ rows, other }: UsageReport): Row[] => [
  ...rows.map((row) => ({ ...row, id: row.key })),
  ...(other === null ? [] : [{ ...other, id: otherId, key: '', name: `${exact(other.count)} more together` }]),
]

function ByMenu({ by, onChange }: { by: Grouping; onChange: (by: string) => void }) {
  const { title } = groupings[by]
  return (
    <Menu
      label={`By: ${title}`}
      className={buttonClass()}
      trigger={
        <>
          {title}
          <ChevronDown size={14} aria-hidden className="text-muted" />
        </>
      }
      items={Object.entries(groupings).map(([key, grouping]) => ({
        label: grouping.title,
        checked: key === by,
        onSelect: () => onChange(key),
      }))}
    />
  )
}

const Nothing = ({ seesOthers }: { seesOthers: boolean }) => (
  <Empty title="Nothing was used in this period">
    <p>
      {seesOthers
        ? 'No request through the bridge ended in it. Another period may have some.'
        : 'None of your requests through the bridge ended in it. Another period may have some.'}
    </p>
  </Empty>
)

import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { boundaryEvents, destinations, networkAsked, ruleHits } from '../api/boundaries.ts'
import { useMay } from '../api/may.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { DecisionBars } from '../network/decision-bars.tsx'
import { destinationColumns } from '../network/destination-columns.tsx'
import { eventColumns } from '../network/event-columns.tsx'
import { EventDrawer } from '../network/event-drawer.tsx'
import { networkKeys } from '../network/query-keys.ts'
import { ruleColumns } from '../network/rule-columns.tsx'
import { useOpenEvent } from '../network/use-open-event.ts'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import { type Preset, Presets } from '../table/presets.tsx'
import { useList } from '../table/use-list.ts'
import { type Asking, useListSearch } from '../table/use-list-search.ts'
import { ViewTabs } from '../table/view-tabs.tsx'
import { buttonClass } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { zoneName } from '../ui/instant.ts'
import { Empty } from '../ui/notice.tsx'

const views = { events: 'Events', destinations: 'Destinations', rules: 'Rules' } as const
type View = keyof typeof views
const isView = (text: string): text is View => text in views

/** What agents behind boundaries reached and ran, and what they were denied. */
export function NetworkPage() {
  const { view = 'events' } = useSearch({ from: '/app/network' })
  const navigate = useNavigate({ from: '/network' })
  const shown = isView(view) ? view : 'events'
  const asking = useListSearch()
  const tabs = (
    <ViewTabs
      label="View"
      views={views}
      current={shown}
      onChange={(next) =>
        void navigate({ search: (old) => ({ ...old, view: next === 'events' ? undefined : next, event: undefined }) })
      }
    />
  )
  if (shown === 'destinations') return <Destinations asking={asking} tabs={tabs} />
  if (shown === 'rules') return <Rules asking={asking} tabs={tabs} />
  return <Events asking={asking} tabs={tabs} />
}

interface ViewProps {
  readonly asking: Asking
  readonly tabs: ReactNode
}

const filtersOf = (asking: Asking) => ({ asking, label: 'Query the decisions', ranged: true, keys: networkKeys })

function Events({ asking, tabs }: ViewProps) {
  const list = useList(boundaryEvents(asking))
  const opened = useOpenEvent()
  const zone = useZone()
  const now = useNow(3_600_000)
  const columns = useMemo(() => eventColumns(zoneName(zone, now)), [zone, now])
  usePage(listPage('Network', 'reeve network events', '/api/v2/boundaries/events', networkAsked(asking)))
  return (
    <>
      <ListPage
        title="Network"
        caption="Decisions of boundaries, newest first"
        noun="decision"
        list={list}
        columns={columns}
        aside={tabs}
        filters={filtersOf(asking)}
        ownOnly={!useMay()('boundary:read')}
        empty={<NothingYet />}
      >
        <div className="px-4 pb-2">
          <Presets presets={presets} asking={asking} />
        </div>
        {list.rows.length > 0 && <DecisionBars search={asking} />}
      </ListPage>
      {opened.event !== null && (
        <EventDrawer id={opened.event} rows={list.rows} onShow={opened.show} onClose={opened.close} />
      )}
    </>
  )
}

function Destinations({ asking, tabs }: ViewProps) {
  const list = useList(destinations(asking))
  usePage(listPage('Network', 'reeve network destinations', '/api/v2/boundaries/destinations', networkAsked(asking)))
  return (
    <ListPage
      title="Network"
      caption="Hosts that agents asked for, the most decisions first"
      noun="host"
      list={list}
      columns={destinationColumns}
      aside={tabs}
      filters={filtersOf(asking)}
      empty={<NothingYet />}
    />
  )
}

function Rules({ asking, tabs }: ViewProps) {
  const list = useList(ruleHits(asking))
  usePage(listPage('Network', 'reeve network rules', '/api/v2/boundaries/rules', networkAsked(asking)))
  return (
    <ListPage
      title="Network"
      caption="Rules and how often each decided"
      noun="rule"
      list={list}
      columns={ruleColumns}
      aside={tabs}
      filters={filtersOf(asking)}
      empty={<NothingYet />}
    />
  )
}

/** The questions that most people come with. */
const presets: readonly Preset[] = [
  ['Denied', 'verdict:denied'],
  ['Would deny', 'verdict:observed'],
  ['Commands', 'kind:exec'],
  ['Files', 'kind:file'],
  ['Tampering', 'kind:tamper'],
]

const NothingYet = () => (
  <Empty title="No agent has run behind a boundary yet">
    <p>A boundary lets an agent reach what a policy allows, and writes down every decision.</p>
    <Commands label="Run an agent behind a boundary" lines={['reeve boundary -- claude']} />
    <Link to="/policies" className={buttonClass()}>
      Look at the policies
    </Link>
  </Empty>
)

import type { License } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { lastTwelveMonths, licenses, meter } from '../api/licenses.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { useNow } from '../hooks/use-clock.ts'
import { Builds } from '../licenses/builds.tsx'
import { AddLicense, RemoveLicense } from '../licenses/license-forms.tsx'
import { LicenseList } from '../licenses/license-list.tsx'
import { Meter } from '../licenses/meter.tsx'
import { MonthBars } from '../licenses/month-bars.tsx'
import { monthsOf } from '../licenses/months.ts'
import { Scenarios } from '../licenses/scenarios.tsx'
import { Section } from '../mine/section.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'

/** How many Agent Workspace Builds are used of how many, the licences that say so, and each build with its reason. */
export function LicensesPage() {
  usePage({ title: 'Licences', cli: 'reeve licenses usage', api: '/api/v2/entitlements' })
  const may = useMay()
  const now = useNow(3_600_000)
  const used = useQuery(meter)
  const held = useQuery(licenses)
  const daily = useQuery(lastTwelveMonths(now))
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<License | null>(null)
  const faultIn = ({ error }: { error: Error | null }) => (error === null ? null : faultOf(error))
  return (
    <div className="mx-auto max-w-6xl space-y-8 px-4 py-6">
      <div>
        <h1 className="text-lg">Licences</h1>
        <p className="text-muted">
          A licence says how much this deployment is meant to use. No feature needs one, nothing stops at its end, and
          nothing about it leaves this deployment.
        </p>
      </div>
      <Section
        title="Agent Workspace Builds"
        about="Starts of a workspace for the agent of a task. Days are those of UTC."
        what="The meter"
        fault={faultIn(used)}
        onRetry={() => void used.refetch()}
      >
        {used.data !== undefined && <Meter of={used.data} />}
        {daily.data !== undefined && <MonthBars months={monthsOf(daily.data.days)} />}
        <Scenarios />
      </Section>
      <Section
        title="Licences"
        about={held.data?.length === 0 ? 'None yet: what is included applies.' : 'Several count together.'}
        what="The licences"
        fault={faultIn(held)}
        onRetry={() => void held.refetch()}
        aside={
          may('license:create', 'everywhere') && (
            <Button tone="primary" onClick={() => setAdding(true)}>
              Add a licence
            </Button>
          )
        }
      >
        {held.data !== undefined && held.data.length > 0 && (
          <LicenseList of={held.data} onRemove={may('license:delete', 'everywhere') ? setRemoving : null} />
        )}
      </Section>
      <Builds />
      {adding && <AddLicense onClose={() => setAdding(false)} />}
      {removing !== null && <RemoveLicense license={removing} onClose={() => setRemoving(null)} />}
    </div>
  )
}

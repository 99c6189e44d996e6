import { eachEndpoint as endpoints, type NotificationPreference } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { ownPreferences } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { FaultNotice } from '../ui/notice.tsx'
import { Section } from './section.tsx'

type Method = NotificationPreference['methods'][number]['method']
const methodWords: Readonly<Record<string, string>> = { inbox: 'Inbox', smtp: 'Mail', webhook: 'Webhook' }

/** Of what the viewer is told, and how. What nobody may miss cannot be switched off, and says so. */
export function Preferences() {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(ownPreferences)
  const change = useMutation({
    mutationFn: (preference: { event: string; method: Method; enabled: boolean }) =>
      client.call(endpoints.updateNotificationPreferences, {
        params: { user: 'me' },
        body: { preferences: [preference] },
      }),
    onSuccess: (now) => queries.setQueryData(ownPreferences.queryKey, now),
  })
  const groups = Map.groupBy(data ?? [], ({ group }) => group)
  return (
    <Section
      title="Notifications"
      anchor="notifications"
      about="Of what you are told, and how."
      what="Your preferences"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
    >
      {change.error !== null && <FaultNotice what="The preference was not saved" fault={faultOf(change.error)} />}
      <div className="space-y-4">
        {[...groups].map(([group, preferences]) => (
          <fieldset key={group} className="rounded-lg border border-line bg-raised px-4 pt-1 pb-3">
            <legend className="px-1 text-xs text-muted">{group}</legend>
            <ul className="divide-y divide-line">
              {preferences.map((one) => (
                <li key={one.event} className="flex flex-wrap items-center gap-x-6 gap-y-1 py-2">
                  <span className="min-w-48 flex-1">{one.title}</span>
                  {one.methods.map(({ method, enabled }) => (
                    <label key={method} className="flex items-center gap-2">
                      <input
                        type="checkbox"
                        checked={enabled}
                        disabled={!one.can_switch_off && enabled}
                        aria-label={`${one.title}: ${methodWords[method] ?? method}`}
                        onChange={(event) => change.mutate({ event: one.event, method, enabled: event.target.checked })}
                      />
                      {methodWords[method] ?? method}
                    </label>
                  ))}
                  {!one.can_switch_off && <span className="text-xs text-muted">always told</span>}
                </li>
              ))}
            </ul>
          </fieldset>
        ))}
      </div>
    </Section>
  )
}

import { eachEndpoint as endpoints, type UsedModel } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import type { RulesHolder } from '../api/rules.ts'
import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What the patterns as they are typed would deny of what was asked lately; asked for, as typing goes on for a while. */
export function RulesPreview({ holder, models }: { holder: RulesHolder; models: string[] | null }) {
  const { organizationId, groupId } = holder
  const { data, variables, mutate, error } = useMutation({
    mutationFn: (tried: string[]) =>
      client.call(endpoints.previewAiRules, {
        params: { organization: organizationId },
        body: { models: tried, ...(groupId === null ? {} : { group: groupId }) },
      }),
  })
  if (models === null) return null
  // Of other patterns than those that stand there now nothing is said.
  const isOfThese = variables?.join(' ') === models.join(' ')
  return (
    <div className="space-y-2">
      <Button onClick={() => mutate(models)}>What would this deny?</Button>
      {error !== null && isOfThese && <FaultNotice what="That cannot be told" fault={faultOf(error)} />}
      <div role="status" className="space-y-2 empty:hidden">
        {data !== undefined && isOfThese && <Denied used={data.models} />}
      </div>
    </div>
  )
}

function Denied({ used }: { used: readonly UsedModel[] }) {
  const denied = used.filter((one) => one.denied)
  const requests = denied.reduce((sum, one) => sum + one.requests, 0)
  if (used.length === 0) return <p>No model was asked in the last 30 days.</p>
  if (denied.length === 0) return <p>None of the {exact(used.length)} models that were asked in the last 30 days.</p>
  return (
    <>
      <p>
        {exact(denied.length)} of {exact(used.length)} models that were asked in the last 30 days, with{' '}
        {exact(requests)} {requests === 1 ? 'request' : 'requests'}:
      </p>
      <div
        className="max-h-48 overflow-y-auto rounded-md border border-line"
        tabIndex={0}
        role="group"
        aria-label="Denied"
      >
        <table className="w-full text-left text-sm">
          <caption className="sr-only">Models that would be denied</caption>
          <thead className="text-xs text-muted">
            <tr>
              <th scope="col" className="px-3 py-1 font-medium">
                Model
              </th>
              <th scope="col" className="px-3 py-1 text-right font-medium">
                Requests
              </th>
              <th scope="col" className="px-3 py-1 text-right font-medium">
                People
              </th>
            </tr>
          </thead>
          <tbody>
            {denied.map(({ provider_name, model, requests: count, people }) => (
              <tr key={`${provider_name}/${model}`}>
                <td className="mono w-full max-w-0 truncate px-3 py-1">
                  <HostileLine text={`${provider_name}/${model}`} />
                </td>
                <td className="px-3 py-1 text-right">{exact(count)}</td>
                <td className="px-3 py-1 text-right">{exact(people)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

import { eachEndpoint as endpoints, type TemplateVersion } from '@reeve/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { dryRun, dryRunLog } from '../api/templates.ts'
import { JobLog } from '../jobs/job-log.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** A plan of a workspace with what the template has by itself: what it would make, and nothing made. */
export function TestRun({ version }: { version: TemplateVersion }) {
  const started = useMutation({
    mutationFn: () => client.call(endpoints.createTemplateDryRun, { params: { version: version.id }, body: {} }),
  })
  const { mutate, data, error, isPending } = started
  return (
    <section aria-label="Test run" className="space-y-3">
      <Button disabled={isPending} onClick={() => mutate()} title="Plans a workspace of this version; none is made">
        {data === undefined ? 'Test run' : 'Test run again'}
      </Button>
      {error !== null && <FaultNotice what="It was not begun" fault={faultOf(error)} />}
      {data !== undefined && <Outcome version={version.id} job={data.id} />}
    </section>
  )
}

function Outcome({ version, job: id }: { version: string; job: string }) {
  const { data, error } = useQuery(dryRun(version, id))
  const { data: lines } = useQuery(dryRunLog(version, id, data?.job.completed_at != null))
  if (error !== null) return <FaultNotice what="The test run could not be read" fault={faultOf(error)} />
  const job = data?.job
  return (
    <>
      <div role="status">
        {job?.completed_at == null && <p className="text-muted">It is planned …</p>}
        {job?.error != null && (
          <div className="text-bad">
            <HostileText text={job.error} />
          </div>
        )}
        {job?.status === 'succeeded' && (
          <>
            <p>A start would make</p>
            <ul className="font-mono">
              {data?.resources.map(({ address }) => (
                <li key={address}>
                  <HostileLine text={address} />
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <JobLog label="What the test run said" lines={lines} />
    </>
  )
}

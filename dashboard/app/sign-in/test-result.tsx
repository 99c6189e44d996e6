import { eachEndpoint as endpoints, type TestLogin } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What a test login showed; asked for again until somebody has gone through it. */
export function TestResult({ id }: { id: string }) {
  const { data, error } = useQuery({
    queryKey: ['test-login', id],
    queryFn: ({ signal }) => client.call(endpoints.getTestLogin, { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.status === 'waiting' ? 2_000 : false),
    retry: false,
  })
  return (
    <section aria-labelledby="test-result" aria-live="polite" className="space-y-3">
      <h2 id="test-result" className="text-lg">
        What the test login showed
      </h2>
      {error !== null && <FaultNotice what="The test login could not be read" fault={faultOf(error)} />}
      {data?.status === 'waiting' && <p className="text-muted">Nobody has gone through it yet.</p>}
      {data?.status === 'failed' && (
        <p className="text-bad">
          It failed: <HostileLine text={data.problem ?? ''} />
        </p>
      )}
      {data?.status === 'done' && <Seen seen={data} />}
    </section>
  )
}

function Seen({ seen: { verdict, preview, claims } }: { seen: TestLogin }) {
  return (
    <div className="space-y-3">
      {verdict !== null && (
        <p>
          {verdict.would_sign_in ? 'A real sign-in would be let in as ' : 'A real sign-in would be refused: '}
          <HostileLine
            text={
              verdict.would_sign_in ? `${verdict.as.replace('_', ' ')} ${verdict.username}` : (verdict.reason ?? '')
            }
          />
        </p>
      )}
      {preview !== null && (
        <ul className="list-disc space-y-1 pl-5">
          <li>
            Roles at the site: <List names={preview.site_roles} />
          </li>
          {preview.organizations.map((organization) => (
            <li key={organization.id}>
              <HostileLine text={organization.name} />: groups <List names={organization.groups} />; roles{' '}
              <List names={organization.roles} />
              {organization.new_groups.length > 0 && (
                <>
                  {' '}
                  (new: <List names={organization.new_groups} />)
                </>
              )}
            </li>
          ))}
          {preview.ignored.map(({ value, reason }) => (
            <li key={value + reason} className="text-muted">
              <HostileLine text={`${value}: ${reason}`} />
            </li>
          ))}
        </ul>
      )}
      <h3 className="font-medium">Claims</h3>
      <ul className="mono space-y-1 text-sm">
        {Object.entries(claims ?? {}).map(([name, value]) => (
          <li key={name}>
            <HostileLine text={`${name}: ${JSON.stringify(value)}`} />
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Null is what people decide about. */
function List({ names }: { names: readonly string[] | null }) {
  if (names === null) return <span className="text-muted">as people set them</span>
  return <HostileLine text={names.length === 0 ? 'none' : names.join(', ')} />
}

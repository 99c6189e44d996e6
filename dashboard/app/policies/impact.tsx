import { eachEndpoint as endpoints, type ReplayChange } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { exact, plural } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { EffectWord } from './effect-word.tsx'

const days = 7

/** What the text would have decided otherwise: the last week again, with it in force. */
export function Impact({ policy, document, ready }: { policy: string; document: string; ready: boolean }) {
  const { data, mutate, error, isPending, variables } = useMutation({
    mutationFn: (text: string) =>
      client.call(endpoints.replayBoundaryPolicy, { body: { document: text, policy, days } }),
  })
  const isOld = data !== undefined && variables !== document
  return (
    <div className="space-y-3">
      <Button disabled={!ready || isPending} onClick={() => mutate(document)}>
        {isPending ? 'Looking at the last 7 days' : 'What would it change?'}
      </Button>
      {error !== null && <FaultNotice what="The last days could not be looked at" fault={faultOf(error)} />}
      <div role="status" className={`space-y-2 empty:hidden ${isOld ? 'opacity-60' : ''}`}>
        {data !== undefined && (
          <p>
            Against the last {days} days: {plural(data.decisions, 'decision')},{' '}
            <strong>{data.changed === 0 ? 'none' : exact(data.changed)}</strong> would change.
            {!data.complete && ' There were more than could be looked at.'}
            {isOld && ' The text has changed since.'}
          </p>
        )}
        {data !== undefined && data.changes.length > 0 && <Changes changes={data.changes} />}
      </div>
    </div>
  )
}

function Changes({ changes }: { changes: readonly ReplayChange[] }) {
  return (
    <ul className="max-h-80 divide-y divide-line overflow-y-auto" tabIndex={0} aria-label="Decisions that would change">
      {changes.map(({ was, becomes, what, rule, count, people }, at) => (
        <li key={at} className="py-1.5">
          <p className="mono wrapped">
            <HostileLine text={what} />
          </p>
          <p className="flex flex-wrap items-baseline gap-x-2 text-muted">
            was <EffectWord effect={was} /> becomes <EffectWord effect={becomes} />
            <span>
              by <HostileLine text={rule} />
            </span>
            <span className="num">
              {plural(count, 'time')}, {plural(people, 'person', 'people')}
            </span>
          </p>
        </li>
      ))}
    </ul>
  )
}

import { type AccessRequest, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useRef } from 'react'
import { accessRequest, useAccessChanged } from '../api/access-requests.ts'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { readPreference } from '../hooks/use-preference.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Fact, Person, Time } from '../ui/facts.tsx'
import { plural } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import type { How } from './decide.tsx'
import { Age, RequestStatus } from './request-columns.tsx'
import { durationText, riskWords, ruleLine, scopeText } from './words.ts'

export const keys: Readonly<Record<string, How>> = { a: 'approve', n: 'narrower', t: 'time', d: 'decline' }
const answers: readonly (readonly [how: How, key: string, words: string])[] = [
  ['approve', 'a', 'Approve as asked'],
  ['narrower', 'n', 'Narrower'],
  ['time', 't', 'Another time'],
  ['decline', 'd', 'Decline'],
]

/** One request in full: what it would allow, for whom and how long, and what speaks against it. */
export function RequestDrawer({
  id,
  listed,
  onDecide,
  onClose,
}: {
  id: string
  listed: AccessRequest | undefined
  onDecide: (request: AccessRequest, how: How) => void
  onClose: () => void
}) {
  const { data: read, error } = useQuery({ ...accessRequest(id), enabled: listed === undefined })
  const request = listed ?? read
  const content = useRef<HTMLDivElement>(null)
  const may = useMay()
  const { data: viewer } = useQuery(me)
  const isOwn = request?.requester.id === viewer?.id
  const decides = request?.status === 'pending' && !isOwn && may('access_request:update')
  const onKeyDown = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) => {
    if (ctrlKey || metaKey || altKey || readPreference('shortcuts') === 'off') return
    const how = keys[key]
    if (how !== undefined && decides && request !== undefined && canAnswer(request, how)) onDecide(request, how)
  }
  return (
    <Dialog side title="Access request" onClose={onClose}>
      <div
        ref={content}
        role="group"
        aria-label="One access request"
        tabIndex={-1}
        className="space-y-6 focus-visible:outline-none"
        onKeyDown={onKeyDown}
      >
        {error !== null && <FaultNotice what="The access request could not be read" fault={faultOf(error)} />}
        {request !== undefined && (
          <>
            {decides && (
              <div className="flex flex-wrap gap-2">
                {answers
                  .filter(([how]) => canAnswer(request, how))
                  .map(([how, key, words]) => (
                    <Button
                      key={how}
                      tone={how === 'approve' ? 'primary' : how === 'decline' ? 'danger' : 'plain'}
                      aria-keyshortcuts={key}
                      title={`${words} ( ${key} )`}
                      onClick={() => onDecide(request, how)}
                    >
                      {words}
                    </Button>
                  ))}
              </div>
            )}
            {isOwn && request.status === 'pending' && <Withdraw id={request.id} />}
            <Facts request={request} />
          </>
        )}
      </div>
    </Dialog>
  )
}

/** What no rule can allow can only be declined. */
export const canAnswer = ({ rule }: AccessRequest, how: How): boolean => how === 'decline' || rule !== null

function Withdraw({ id }: { id: string }) {
  const changed = useAccessChanged()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.withdrawAccessRequest, { params: { id } }),
    onSuccess: changed,
  })
  return (
    <div className="space-y-2">
      <p className="text-muted">Somebody else decides about it; nobody does about his own.</p>
      <Button disabled={isPending} onClick={() => mutate()}>
        Withdraw it
      </Button>
      {error !== null && <FaultNotice what="It could not be withdrawn" fault={faultOf(error)} />}
    </div>
  )
}

function Facts({ request }: { request: AccessRequest }) {
  const { rule, risks, identical, answer, decided_by, decided_at, expires_at } = request
  return (
    <>
      <div className="space-y-1">
        <RequestStatus status={request.status} />
        <h3 className="text-lg wrapped">
          <HostileText text={request.what.slice(0, 600)} />
        </h3>
      </div>
      <blockquote className="border-l-2 border-link pl-3">
        <p className="text-xs text-muted">Reason</p>
        <HostileText text={request.reason} />
      </blockquote>
      {risks.length > 0 && (
        <section aria-label="To mind" className="rounded-lg border border-warn bg-warn-tint px-3 py-2">
          <h4 className="font-medium text-warn">To mind</h4>
          <ul className="list-inside list-disc">
            {risks.map((risk) => (
              <li key={risk} className="first-letter:uppercase">
                {riskWords[risk]}
              </li>
            ))}
          </ul>
        </section>
      )}
      <dl>
        <Fact name="It would allow">
          <span className="mono wrapped">
            <HostileText text={ruleLine(rule)} />
          </span>
        </Fact>
      </dl>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-4 gap-y-3">
        <Fact name="Asked by">
          <Person user={request.requester} />
        </Fact>
        <Fact name="Asked">
          <Age at={request.created_at} />
        </Fact>
        <Fact name="For">{scopeText(request.scope)}</Fact>
        <Fact name="How long">{durationText(request.duration_seconds)}</Fact>
        <Fact name="The same in 7 days">
          {plural(identical.count, 'denial')}, {plural(identical.people, 'person', 'people')}
        </Fact>
        <Fact name="Denial">
          <Link
            to="/network"
            search={{ event: request.denial }}
            className="mono min-w-0 truncate text-link underline"
            title={request.denial}
          >
            {request.denial.slice(0, 12)}…
          </Link>
        </Fact>
        {decided_by !== null && (
          <Fact name="Decided by">
            <Person user={decided_by} />
          </Fact>
        )}
        {decided_at !== null && (
          <Fact name="Decided">
            <Time at={decided_at} />
          </Fact>
        )}
        {expires_at !== null && (
          <Fact name="Ends">
            <Time at={expires_at} />
          </Fact>
        )}
      </dl>
      {answer !== null && answer !== '' && (
        <blockquote className="wrapped border-l-2 border-line pl-3">
          <p className="text-xs text-muted">Answer</p>
          <HostileLine text={answer} />
        </blockquote>
      )}
    </>
  )
}

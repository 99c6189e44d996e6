import { grantables, type User } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { access } from '../api/roles.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

interface Question {
  readonly permission: string
  readonly owner: string
}

const reachWords = { everything: 'for everything', organization: 'in the organization', own: 'for the person’s own' }

/** "Can this person do this, and why": asks what the server would decide, and shows the roles that make it so. */
export function Explorer({ user }: { user: User }) {
  const [question, setQuestion] = useState<Question | null>(null)
  return (
    <div className="space-y-3">
      <form
        className="flex flex-wrap items-start gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          setQuestion({ permission: textOf(form, 'permission'), owner: textOf(form, 'owner').trim() })
        }}
      >
        <div className="w-64">
          <Choice label={`Can ${user.username} …`} name="permission" defaultValue="interception_content:read">
            {grantables.map((permission) => (
              <option key={permission} value={permission}>
                {permission}
              </option>
            ))}
          </Choice>
        </div>
        <div className="w-56">
          <Field
            label="… of whom"
            name="owner"
            autoComplete="off"
            spellCheck={false}
            hint="A username; empty: anybody"
          />
        </div>
        <Button type="submit" tone="primary" className="mt-6.5">
          Ask
        </Button>
      </form>
      <div aria-live="polite">{question !== null && <Answer user={user} question={question} />}</div>
    </div>
  )
}

function Answer({ user, question }: { user: User; question: Question }) {
  const { data, error } = useQuery(access(user.id, question.permission, question.owner))
  if (error !== null) return <FaultNotice what="This could not be answered" fault={faultOf(error)} />
  if (data === undefined) return null
  const roles = data.allowed ? data.reasons : data.would_help
  return (
    <div className="space-y-2 rounded-lg border border-line bg-raised px-4 py-3">
      <p>
        <b className={data.allowed ? 'text-ok' : 'text-bad'}>{data.allowed ? 'Yes.' : 'No.'}</b>{' '}
        <HostileText text={data.because} />
      </p>
      {roles.length > 0 && (
        <>
          <p className="text-muted">{data.allowed ? 'Because of:' : 'It would take one of:'}</p>
          <ul className="list-disc pl-5">
            {roles.map(({ role, display_name, organization_id, reach }) => (
              <li key={`${role} ${organization_id ?? ''} ${reach}`}>
                <HostileLine text={display_name} /> {reachWords[reach]}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

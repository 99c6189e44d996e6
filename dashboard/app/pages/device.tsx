import { eachEndpoint as endpoints, type DeviceLogin } from '@reeve/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { client } from '../api/client.ts'
import { me } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Gate } from './gate.tsx'

/** Somebody ran `reeve login`, and says here that it was him. Whoever approves hands out everything that he may do. */
export function DevicePage() {
  const { code } = useSearch({ from: '/device' })
  useEffect(() => {
    document.title = 'Sign in a program · Reeve'
  }, [])
  return (
    <Gate title="Sign in a program">{code === undefined ? <CodeForm fault={null} /> : <Waiting code={code} />}</Gate>
  )
}

function CodeForm({ fault, code = '' }: { fault: ReturnType<typeof faultOf> | null; code?: string }) {
  const navigate = useNavigate()
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        const typed = textOf(new FormData(event.currentTarget), 'code').trim()
        if (typed !== '') void navigate({ to: '/device', search: { code: typed } })
      }}
    >
      <FormFault fault={fault} fields={[]} />
      <Field
        label="Code"
        name="code"
        defaultValue={code}
        placeholder="WDJB-MJHT"
        hint="The code that reeve login shows in your terminal"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        required
        autoFocus
      />
      <Button type="submit" tone="primary" className="w-full">
        Continue
      </Button>
    </form>
  )
}

function Waiting({ code }: { code: string }) {
  const { data, error } = useQuery({
    queryKey: ['device-login', code],
    queryFn: ({ signal }) => client.call(endpoints.getDeviceLogin, { params: { code }, signal }),
    staleTime: 0,
    retry: false,
  })
  const answer = useMutation({
    mutationFn: (given: 'approve' | 'deny') =>
      client.call(endpoints.answerDeviceLogin, { params: { code }, body: { answer: given } }),
  })
  if (error !== null) return <CodeForm fault={faultOf(error)} code={code} key={code} />
  const login = answer.data ?? data
  if (login === undefined) return <p className="text-muted">Looking for the program …</p>
  if (login.status !== 'pending') return <Answered login={login} />
  return (
    <div className="space-y-4">
      <p>
        A program asks to be signed in as you. Is this the code that <strong>your own terminal</strong> shows?
      </p>
      <p className="mono rounded-md border border-line py-2 text-center text-xl tracking-widest">{login.user_code}</p>
      <Asking login={login} />
      <Warning login={login} />
      <FormFault fault={answer.error === null ? null : faultOf(answer.error)} fields={[]} />
      <div className="flex gap-2">
        <Button className="flex-1" disabled={answer.isPending} onClick={() => answer.mutate('deny')}>
          Deny
        </Button>
        <Button tone="primary" className="flex-1" disabled={answer.isPending} onClick={() => answer.mutate('approve')}>
          Approve
        </Button>
      </div>
    </div>
  )
}

function Asking({ login }: { login: DeviceLogin }) {
  const { data: user } = useQuery(me)
  return (
    <dl className="grid grid-cols-2 gap-3">
      <Fact name="Program, as it says">
        <HostileLine text={login.client_name} />
      </Fact>
      <Fact name="Machine, as it says">
        <HostileLine text={login.host} />
      </Fact>
      <Fact name="Address">{login.ip ?? 'this machine'}</Fact>
      <Fact name="Asked">
        <Time at={login.created_at} />
      </Fact>
      <Fact name="Will be signed in as">
        <HostileLine text={user?.username ?? ''} />
      </Fact>
    </dl>
  )
}

function Warning({ login }: { login: DeviceLogin }) {
  return (
    <div className="rounded-md border border-warn px-3 py-2 text-sm">
      <p>
        Approve only what you started yourself, just now. Nobody from support or from your company will ever send you a
        code to approve: whoever does wants to act as you.
      </p>
      {!login.same_network && (
        <p className="mt-2 font-medium">
          The program is in another network than this browser. That is right for a remote machine, and for nothing else.
        </p>
      )}
    </div>
  )
}

function Answered({ login }: { login: DeviceLogin }): ReactNode {
  const isIn = login.status === 'approved'
  return (
    <div role="status" className="space-y-2">
      <p className="font-medium">
        {isIn ? 'Approved: ' : 'Denied: '}
        <HostileLine text={`${login.client_name} on ${login.host}`} />
      </p>
      <p className="text-muted">
        {isIn
          ? 'It goes on within a few seconds; this page can be closed. The session stands in your list of sessions, where you can end it.'
          : 'It was not signed in. This page can be closed.'}
      </p>
    </div>
  )
}

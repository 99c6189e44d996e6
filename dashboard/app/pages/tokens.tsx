import { systemClock } from '@reeve/base'
import { eachEndpoint as endpoints, type ApiKey } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { tokens } from '../api/lists.ts'
import { tokenConfig } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import { useList } from '../table/use-list.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Time } from '../ui/facts.tsx'
import { duration } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty } from '../ui/notice.tsx'

/** The scopes that are offered here; a token made elsewhere may have another. */
const scopes: Readonly<Partial<Record<ApiKey['scope'], string>>> = {
  gateway: 'gateway: call models, nothing else',
  api: 'api: this API, no models',
  all: 'all: everything you may do',
}

/** The viewer's API tokens: made here, shown once, revoked here. */
export function TokensPage() {
  usePage(listPage('My tokens', 'reeve tokens list', '/api/v2/users/me/keys/tokens'))
  const list = useList(tokens)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const columns: readonly Column<ApiKey>[] = [
    {
      id: 'name',
      title: 'Name',
      cell: ({ token_name, id }) => (
        <span className="font-medium">
          <HostileLine text={token_name === '' ? id : token_name} />
        </span>
      ),
    },
    { id: 'scope', title: 'Scope', width: '16rem', cell: ({ scope }) => <HostileLine text={scopes[scope] ?? scope} /> },
    {
      id: 'used',
      title: 'Last used',
      width: '10rem',
      cell: ({ last_used }) =>
        last_used === null ? <span className="text-muted">never</span> : <Time at={last_used} />,
    },
    { id: 'expires', title: 'Expires', width: '11rem', cell: (row) => <Expiry token={row} /> },
    { id: 'created', title: 'Created', width: '10rem', cell: ({ created_at }) => <Time at={created_at} /> },
    {
      id: 'actions',
      title: <span className="sr-only">Actions</span>,
      width: '6rem',
      cell: (row) => (
        <Button
          tone="quiet-danger"
          className="-ml-2.5"
          aria-label={`Revoke ${row.token_name}`}
          onClick={() => setRevoking(row)}
        >
          Revoke
        </Button>
      ),
    },
  ]
  return (
    <>
      <ListPage
        title="My tokens"
        caption="My API tokens"
        noun="token"
        list={list}
        columns={columns}
        aside={
          <Button tone="primary" onClick={() => setCreating(true)}>
            Create a token
          </Button>
        }
        empty={
          <Empty title="You have no tokens">
            <p>
              A token lets an agent or a script act as you, with a scope of its own. One with the scope “gateway” can
              call models and nothing else.
            </p>
          </Empty>
        }
      />
      {creating && <CreateToken onClose={() => setCreating(false)} />}
      {revoking !== null && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </>
  )
}

function Expiry({ token }: { token: ApiKey }) {
  const leftMs = Date.parse(token.expires_at) - systemClock.now().getTime()
  if (leftMs <= 0) return <span className="text-bad">expired</span>
  return (
    <span className={leftMs < 3 * 86_400_000 ? 'text-warn' : ''} title={token.expires_at}>
      in {duration(leftMs)}
    </span>
  )
}

const lifetimes = [
  [1, '1 day'],
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [365, '1 year'],
] as const

function CreateToken({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const { data: config } = useQuery(tokenConfig)
  const maxDays = (config?.max_token_lifetime ?? 365 * 86_400 * 1e9) / 86_400e9
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const name = textOf(form, 'token_name').trim()
      return client.call(endpoints.createToken, {
        params: { user: 'me' },
        body: {
          ...(name === '' ? {} : { token_name: name }),
          scope: textOf(form, 'scope'),
          lifetime_seconds: Number(textOf(form, 'lifetime_seconds')),
        },
      })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: tokens.queryKey }),
  })
  const fault = error === null ? null : faultOf(error)
  if (data !== undefined) {
    return (
      <Dialog title="Token created" onClose={onClose}>
        <div className="space-y-4">
          <p>Copy it now: it is stored as a hash and cannot be shown again.</p>
          <Commands label="The new token" lines={[data.key]} />
          <div className="flex justify-end">
            <Button tone="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <FormDialog
      title="Create a token"
      verb={isPending ? 'Creating' : 'Create'}
      busy={isPending}
      fault={fault}
      fields={['token_name', 'scope', 'lifetime_seconds']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="token_name"
        autoComplete="off"
        spellCheck={false}
        placeholder="laptop"
        hint="What you will know it by"
        fault={fault}
      />
      <Choice
        label="Scope"
        name="scope"
        defaultValue="gateway"
        hint="What it may do, whatever you may do"
        fault={fault}
      >
        {Object.entries(scopes).map(([scope, words]) => (
          <option key={scope} value={scope}>
            {words}
          </option>
        ))}
      </Choice>
      <Choice label="Lifetime" name="lifetime_seconds" defaultValue={30 * 86_400} fault={fault}>
        {lifetimes
          .filter(([days]) => days <= maxDays)
          .map(([days, words]) => (
            <option key={days} value={days * 86_400}>
              {words}
            </option>
          ))}
      </Choice>
    </FormDialog>
  )
}

function RevokeToken({ token, onClose }: { token: ApiKey; onClose: () => void }) {
  const queries = useQueryClient()
  const name = token.token_name === '' ? token.id : token.token_name
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteKey, { params: { user: 'me', key: token.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: tokens.queryKey })
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Revoke"
      name={name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Whatever uses this token stops working within seconds. This cannot be undone.
    </ConfirmByName>
  )
}

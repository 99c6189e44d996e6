import { eachEndpoint as endpoints, type Template } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { AccessList, type Entry } from '../access-list/access-list.tsx'
import { GrantFields, grantOf } from '../access-list/grant-fields.tsx'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { templateAcl } from '../api/templates.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'

const words = { use: 'may use it', admin: 'may change it' }

/** Whom a template is for: everyone of its organization, or those on its list. */
export function Sharing({ template, mayChange }: { template: Template; mayChange: boolean }) {
  const { id, organization_id: organization } = template
  const { data: acl, error, refetch } = useQuery(templateAcl(id))
  const queries = useQueryClient()
  const [granted, setGranted] = useState(0)
  const change = useMutation({
    mutationFn: async (asked: Entry | FormData) => {
      const { kind, id: who, role } = asked instanceof FormData ? await grantOf(asked, organization) : asked
      const body = kind === 'group' ? { group_perms: { [who]: role } } : { user_perms: { [who]: role } }
      return client.call(endpoints.updateTemplateAcl, { params: { template: id }, body })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['templates'] })
      // What was filled in has been done with, and stays where it was refused.
      setGranted(granted + 1)
    },
  })
  if (error !== null)
    return <FaultNotice what="Who may use it could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (acl === undefined) return <p className="late text-muted">Reading who may use it …</p>
  return (
    <div className="max-w-2xl space-y-4">
      {change.error !== null && <FaultNotice what="Nothing was changed" fault={faultOf(change.error)} />}
      <p className="flex flex-wrap items-center gap-3">
        <span>
          {acl.everyone
            ? 'Every member with workspace access may use it.'
            : 'Only those on the list may use it, and those who administer templates.'}
        </span>
        {mayChange && (
          <Button
            disabled={change.isPending}
            // The group with the id of the organization stands for everyone in it.
            onClick={() => change.mutate({ kind: 'group', id: organization, role: acl.everyone ? '' : 'use' })}
          >
            {acl.everyone ? 'Only for the list' : 'For everyone'}
          </Button>
        )}
      </p>
      <AccessList
        label="The access list"
        acl={acl}
        words={words}
        busy={change.isPending}
        onChange={mayChange ? change.mutate : null}
      />
      {mayChange && (
        <form
          key={granted}
          aria-label="Put somebody on the list"
          className="space-y-3 border-t border-line pt-4"
          onSubmit={(event) => {
            event.preventDefault()
            change.mutate(new FormData(event.currentTarget))
          }}
        >
          <GrantFields organizationId={organization} words={words} />
          <Button type="submit" disabled={change.isPending}>
            Put on the list
          </Button>
        </form>
      )}
    </div>
  )
}

import { eachEndpoint as endpoints, type ExternalAuthLink, type ExternalAuthProvider } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { ownAccounts } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Section } from './section.tsx'

const stateWords: Readonly<Record<ExternalAuthLink['status'], string>> = {
  ok: 'linked',
  expired: 'has to be linked again',
  failing: 'not renewed at the moment; tried again',
}

/** Accounts elsewhere that the viewer's agents may act with. Nothing is shown where no provider is configured. */
export function Accounts() {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(ownAccounts)
  const unlink = useMutation({
    mutationFn: (id: string) => client.call(endpoints.deleteExternalAuth, { params: { provider: id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ownAccounts.queryKey }),
  })
  if (data !== undefined && data.providers.length === 0) return null
  return (
    <Section
      title="Linked accounts"
      about="Accounts elsewhere that your workspaces and agents may act with."
      what="Your linked accounts"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
    >
      {unlink.error !== null && <FaultNotice what="The account was not unlinked" fault={faultOf(unlink.error)} />}
      <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
        {data?.providers.map((provider) => (
          <Account
            key={provider.id}
            provider={provider}
            link={data.links.find((one) => one.provider_id === provider.id) ?? null}
            busy={unlink.isPending}
            onUnlink={() => unlink.mutate(provider.id)}
          />
        ))}
      </ul>
    </Section>
  )
}

function Account({
  provider,
  link,
  busy,
  onUnlink,
}: {
  provider: ExternalAuthProvider
  link: ExternalAuthLink | null
  busy: boolean
  onUnlink: () => void
}) {
  const name = provider.display_name === '' ? provider.id : provider.display_name
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <span className="min-w-40 flex-1 font-medium">
        <HostileLine text={name} />
      </span>
      {link !== null && (
        <span className={link.status === 'ok' ? 'text-ok' : 'text-warn'}>
          {stateWords[link.status]}
          {link.account !== null && (
            <>
              {' as '}
              <HostileLine text={link.account.login} />
            </>
          )}
        </span>
      )}
      {(link === null || link.status !== 'ok') && (
        <Link className="text-link underline" to="/external-auth/$id" params={{ id: provider.id }}>
          Link {name}
        </Link>
      )}
      {link !== null && (
        <Button tone="quiet-danger" aria-label={`Unlink ${name}`} disabled={busy} onClick={onUnlink}>
          Unlink
        </Button>
      )}
    </li>
  )
}

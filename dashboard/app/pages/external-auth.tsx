import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { ownAccounts } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What became of it, in the words for the few results that the server has. */
const results = new Map<string, { said: string; next?: string }>(
  Object.entries({
    linked: { said: 'The account is linked.' },
    denied: {
      said: 'The account was not linked: at the provider, access was denied.',
      next: 'Nothing has changed here. Begin again if that was a mistake.',
    },
    expired: {
      said: 'The account was not linked: this attempt had ended.',
      next: 'It was too old, used before, or begun by somebody else or in another browser. Begin again from this page.',
    },
    signed_out: {
      said: 'The account was not linked: you were not signed in any more when the provider sent you back.',
      next: 'You are now. Begin again.',
    },
    failed: {
      said: 'The account was not linked: the provider gave no access.',
      next: 'Try again in a moment. If it stays like this, ask who looks after this deployment; the reason is in its audit log.',
    },
  }),
)

/** Links an account elsewhere: begins at this page, goes through the provider, and comes back to it with a result. */
export function ExternalAuthPage() {
  usePage({ title: 'Link an account', cli: 'reeve external-auth login' })
  const { id } = useParams({ from: '/app/external-auth/$id' })
  const { result } = useSearch({ from: '/app/external-auth/$id' })
  const outcome = result === undefined ? undefined : (results.get(result) ?? results.get('failed'))
  const { data, error, refetch } = useQuery(ownAccounts)
  const provider = data?.providers.find((one) => one.id === id)
  const link = data?.links.find((one) => one.provider_id === id)
  const begin = useMutation({
    mutationFn: () => client.call(endpoints.startExternalAuth, { params: { provider: id } }),
    onSuccess: ({ url }) => location.assign(url),
  })
  return (
    <div className="mx-auto max-w-xl space-y-4 px-4 py-8">
      <h1 className="text-lg">Link an account</h1>
      {error !== null && (
        <FaultNotice what="The provider could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      )}
      {data !== undefined && provider === undefined && <p>There is no provider of this name here.</p>}
      {outcome !== undefined && (
        <div
          role={result === 'linked' ? 'status' : 'alert'}
          className={`rounded-lg border px-3 py-2 ${result === 'linked' ? 'border-line bg-raised' : 'border-bad bg-bad-tint'}`}
        >
          <p className={result === 'linked' ? '' : 'font-medium text-bad'}>{outcome.said}</p>
          {outcome.next !== undefined && <p>{outcome.next}</p>}
        </div>
      )}
      {provider !== undefined && (
        <>
          <p className="text-muted">
            Your workspaces and agents may then act at{' '}
            <HostileLine text={provider.display_name === '' ? provider.id : provider.display_name} /> as you, with these
            scopes: <HostileLine text={provider.scopes.join(', ') || 'those that the provider gives by itself'} />. The
            tokens are kept encrypted.
          </p>
          {begin.error !== null && <FaultNotice what="Linking could not begin" fault={faultOf(begin.error)} />}
          <Button tone="primary" disabled={begin.isPending} onClick={() => begin.mutate()}>
            {link === undefined ? 'Link at the provider' : 'Link again at the provider'}
          </Button>
        </>
      )}
      <p>
        <Link to="/me" className="text-link underline">
          Back to my profile
        </Link>
      </p>
    </div>
  )
}

import { useQuery } from '@tanstack/react-query'
import { authMethods } from '../api/queries.ts'
import { buttonClass } from '../ui/button.tsx'
import { safePath } from './gate.tsx'

/** Why the way through the identity provider ended here, in the words for the few codes that the server has. */
const problems = new Map(
  Object.entries({
    refused: 'The sign-in was not accepted. Start again from this page.',
    uninvited: 'The identity provider knows you, but you are not among those who may sign in here.',
    unavailable: 'The identity provider does not answer. Try again in a moment.',
  }),
)

/**
 * The way through the identity provider, where there is one. A plain link: the browser leaves this page and comes back
 * signed in.
 */
export function ProviderSignIn({
  to,
  problem,
  request,
}: {
  to: string | undefined
  problem: string | undefined
  request: string | undefined
}) {
  const { data: methods } = useQuery(authMethods)
  const own = problem === 'uninvited' ? methods?.oidc.uninvitedText : ''
  const words = problem === undefined ? undefined : own || (problems.get(problem) ?? problems.get('refused'))
  const isId = /^[0-9a-f-]{36}$/.test(request ?? '')
  if (methods?.oidc.enabled !== true) return null
  const { signInText, iconUrl } = methods.oidc
  return (
    <div className="mb-5 space-y-4">
      {words !== undefined && (
        <div role="alert" className="rounded-lg border border-bad bg-bad-tint px-3 py-2">
          <p className="text-bad">{words}</p>
          {isId && <p className="mono text-xs text-muted">request {request}</p>}
        </div>
      )}
      <a
        href={`/api/v2/users/oidc/start?redirect=${encodeURIComponent(safePath(to))}`}
        className={buttonClass('primary', 'w-full')}
      >
        {iconUrl !== '' && <img src={iconUrl} alt="" width={16} height={16} />}
        {signInText}
      </a>
      <p className="text-xs text-muted">
        {methods.password.enabled ? 'Or with a password:' : 'A password lets owners in, for emergencies:'}
      </p>
    </div>
  )
}

import type { SignInStatus } from '@reeve/sdk'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** How people sign in at the moment, and what is wrong with it. */
export function Status({ status }: { status: SignInStatus }) {
  const { oidc, break_glass_owners, password_sign_in } = status
  return (
    <section aria-labelledby="status" className="space-y-3">
      <h2 id="status" className="text-lg">
        Ways in
      </h2>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 md:grid-cols-4">
        <Fact name="Passwords">{password_sign_in === 'everyone' ? 'let everybody in' : 'let owners in'}</Fact>
        <Fact name="Owners with a password">
          {break_glass_owners === 0 ? 'none: nobody gets in when the provider is away' : break_glass_owners}
        </Fact>
        {oidc === null ? (
          <Fact name="Identity provider">none; REEVE_OIDC_ISSUER_URL names one</Fact>
        ) : (
          <>
            <Fact name="Identity provider">
              <HostileLine text={oidc.issuer} />
            </Fact>
            <Fact name="It">{oidc.provider.replaceAll('_', ' ')}</Fact>
            <Fact name="Sends people back to">
              <span className="mono break-all">{oidc.callback_url}</span>
            </Fact>
            <Fact name="New people">{oidc.allow_signups ? 'are signed up' : 'are turned away'}</Fact>
            <Fact name="Linked people">
              {oidc.linked_users}
              {oidc.linked_users_without_refresh > 0 &&
                `, ${oidc.linked_users_without_refresh} of them without a refresh token`}
            </Fact>
            <Fact name="Last refresh">
              {oidc.last_refresh_at === null ? 'not yet' : <Time at={oidc.last_refresh_at} />}
            </Fact>
            {oidc.provider_problem !== null && (
              <Fact name="Problem">
                <HostileLine text={oidc.provider_problem} />
              </Fact>
            )}
          </>
        )}
      </dl>
    </section>
  )
}

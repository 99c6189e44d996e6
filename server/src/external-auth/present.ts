import type { Clock } from '@reeve/base'
import { ExternalAuthAccount, type ExternalAuthLink, type ExternalAuthProvider } from '@reeve/sdk'
import { linkState } from './access-token.ts'
import type { Provider } from './provider.ts'
import type { LinkRow } from './queries.ts'

/** The contract's shapes. A provider's client id is no secret and nobody's business; its secret stays in the settings. */

export const presentProvider = (provider: Provider): ExternalAuthProvider => ({
  id: provider.id,
  type: provider.type,
  display_name: provider.displayName,
  display_icon: provider.displayIcon,
  scopes: [...provider.scopes],
  regex: provider.regex,
  device: provider.deviceUrl !== null,
  allow_refresh: provider.refreshes,
  allow_validate: provider.validateUrl !== null,
  supports_revocation: provider.revokeUrl !== null,
})

export function presentLink(row: LinkRow, provider: Provider | undefined, clock: Clock): ExternalAuthLink {
  const account = ExternalAuthAccount.safeParse(row.account)
  return {
    provider_id: row.provider_id,
    user_id: row.user_id,
    account: account.success ? account.data : null,
    scopes: row.scopes,
    status: linkState(row, provider, clock),
    has_refresh_token: row.refresh_token !== null,
    expires_at: row.expires_at?.toISOString() ?? null,
    refresh_failed_at: row.refresh_failed_at?.toISOString() ?? null,
    refresh_failure: row.refresh_failure ?? '',
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

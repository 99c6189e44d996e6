import type { ExternalAuth, ExternalAuthLink, KeyringReport, UserSecret } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** Linked accounts and keys, with text in it that wants to drive a terminal. */
export function secretAnswers(empty: boolean, userId: string, hostile: string): Partial<Record<Name, Handler>> {
  const at = '2026-11-20T11:00:00.000Z'
  let linkedAt = at
  const link = (): ExternalAuthLink => ({
    provider_id: 'github',
    user_id: userId,
    account: { id: '1', login: hostile, name: hostile, profile_url: '' },
    scopes: [hostile],
    status: 'ok',
    has_refresh_token: true,
    expires_at: null,
    refresh_failed_at: null,
    refresh_failure: hostile,
    created_at: at,
    updated_at: linkedAt,
  })
  const provider = {
    id: 'github',
    type: 'github',
    display_name: hostile,
    display_icon: '',
    scopes: [],
    regex: '',
    device: true,
    allow_refresh: true,
    allow_validate: true,
    supports_revocation: true,
  }
  const described = (): ExternalAuth => ({
    ...provider,
    authenticated: true,
    validation: 'valid',
    detail: hostile,
    link: link(),
  })
  const key = { id: 'aa11', created_at: at, seals: true, held: true, values: 3, removable: false }
  const keys = empty ? [] : [key, { ...key, id: 'bb22', seals: false, removable: true }]
  const places = [{ table: 'user_links', column: 'refresh_token', values: 3, left: 0 }]
  const report: KeyringReport = { source: 'file', keys, places, resealing: false, unreadable: 1 }
  const gitKey = { user_id: userId, created_at: at, updated_at: at, public_key: `ssh-ed25519 AAAA ${hostile}` }
  const secret: UserSecret = {
    id: '0191a4c0-0000-7000-8000-00000000aa11',
    name: 'deploy-key',
    description: hostile,
    env_name: 'DEPLOY_KEY',
    file_path: hostile,
    created_at: at,
    updated_at: at,
  }
  return {
    getGitSshKey: () => gitKey,
    regenerateGitSshKey: () => gitKey,
    listUserSecrets: () => (empty ? [] : [secret]),
    createUserSecret: () => secret,
    updateUserSecret: () => secret,
    deleteUserSecret: () => undefined,
    listExternalAuth: () => (empty ? { providers: [], links: [] } : { providers: [provider], links: [link()] }),
    getExternalAuth: described,
    startExternalAuth: () => ({ url: 'https://github.test/authorize', expires_at: at }),
    startExternalAuthDevice: () => ({
      device_code: 'code',
      user_code: hostile,
      verification_uri: hostile,
      verification_uri_complete: '',
      expires_in: 900,
      interval: 0,
    }),
    finishExternalAuthDevice() {
      linkedAt = '2026-11-20T11:00:01.000Z'
      return { state: 'linked', link: link() }
    },
    getExternalAuthToken: () => ({ access_token: 'gho_token', expires_at: null }),
    deleteExternalAuth: () => ({ token_revoked: false, token_revocation_error: hostile }),
    getKeyring: () => report,
    rotateKeyring: () => ({ ...report, resealed: 2 }),
  }
}

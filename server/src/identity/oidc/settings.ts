import type { Secret, Uuid } from '@reeve/base'
import type { GroupSync, OrganizationSync, RoleSync } from '@reeve/sdk'
import type { ClientKey } from './client-key.ts'

/** What the operator configured about the identity provider; null in `Config` when he named none. */
export interface OidcConfig {
  readonly issuer: string
  readonly clientId: string
  /** Null for a public client, which PKCE alone protects. */
  readonly clientSecret: Secret | null
  /** Instead of a secret. */
  readonly clientKey: ClientKey | null
  readonly scopes: readonly string[]
  /** Added to the address that browsers are sent to. */
  readonly authUrlParams: Readonly<Record<string, string>>
  readonly ignoreUserinfo: boolean
  /** Only addresses in these domains may sign in; empty allows all. */
  readonly emailDomains: readonly string[]
  readonly ignoreEmailVerified: boolean
  readonly allowSignups: boolean
  readonly fields: { readonly username: string; readonly name: string; readonly email: string }
  /** Of the group claim; empty lets everybody in. */
  readonly allowedGroups: readonly string[]
  readonly siteRoles: {
    /** Empty: people decide about roles at the site. */
    readonly field: string
    readonly mapping: Readonly<Record<string, readonly string[]>>
    /** What everybody gets who signs in here, whatever his claims. */
    readonly fallback: readonly string[]
  }
  /** Hold until somebody saves settings: for organizations, and for groups of the default organization. */
  readonly defaults: {
    readonly organization: OrganizationSync
    readonly groups: GroupSync
    /** From claim values to names of groups. */
    readonly groupNames: Readonly<Record<string, string>>
  }
  /** What somebody is told who is known over there and may not come in; empty for our own words. */
  readonly uninvitedText: string
  readonly signInText: string
  readonly iconUrl: string
  /** The provider is spoken to without encryption: it is on this machine, or the operator accepted it. */
  readonly insecure: boolean
}

/** The issuer as links remember it, whatever slash it was configured with. */
export const issuerOf = ({ issuer }: Pick<OidcConfig, 'issuer'>): string => issuer.replace(/\/+$/, '')

/** All settings that claims are read by, together. */
export interface SyncSettings {
  readonly siteRoles: OidcConfig['siteRoles']
  readonly organization: OrganizationSync
  /** By organization; one that is not in here has no sync. */
  readonly groups: ReadonlyMap<Uuid, GroupSync & { readonly names: Readonly<Record<string, string>> }>
  readonly roles: ReadonlyMap<Uuid, RoleSync>
}

export const noGroupSync: GroupSync = { field: '', mapping: {}, regex_filter: null, auto_create_missing_groups: false }
export const noRoleSync: RoleSync = { field: '', mapping: {} }

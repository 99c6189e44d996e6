import { isUuid, type Problem, type Secret } from '@reeve/base'
import { type Option, option, optional } from './config-option.ts'
import * as types from './config-types.ts'
import type { ValueType } from './config-types.ts'
import { type ClientKey, readClientKey } from './identity/oidc/client-key.ts'
import { patternProblem } from './identity/oidc/pattern.ts'
import type { OidcConfig } from './identity/oidc/settings.ts'

/** The identity provider, as the operator describes it. */

/** Kept to the letter: the provider states the same, and a slash too many is another provider. */
const issuer: ValueType<string> = {
  label: 'URL',
  read(given) {
    const reading = types.httpUrl.read(given)
    return 'problem' in reading ? reading : { value: given.trim() }
  },
}

const list: ValueType<readonly string[]> = {
  label: 'list, with commas',
  read: (given) => ({ value: [...new Set(given.split(/[,\s]+/).filter((part) => part !== ''))] }),
}

/** Groups have spaces in their names. */
const nameList: ValueType<readonly string[]> = {
  label: 'list, with commas',
  read: (given) => ({
    value: given
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  }),
}

function record<T>(label: string, readValue: (value: unknown) => T | null): ValueType<Readonly<Record<string, T>>> {
  return {
    label,
    read(given) {
      const parsed = parse(given)
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
        return { problem: `is not a JSON object such as ${label.slice(label.indexOf('{'))}` }
      }
      const entries = Object.entries(parsed).map(([key, value]) => [key, readValue(value)] as const)
      const wrong = entries.find(([, value]) => value === null)
      if (wrong !== undefined) return { problem: `has something else than ${label} under ${JSON.stringify(wrong[0])}` }
      return { value: Object.fromEntries(entries.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))) }
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const oneText = (value: unknown): string | null => (typeof value === 'string' ? value : null)

function someTexts(value: unknown): readonly string[] | null {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.every((each) => typeof each === 'string') ? all.map(String) : null
}

const someIds = (value: unknown): readonly string[] | null => {
  const texts = someTexts(value)
  return texts?.every((text) => isUuid(text)) === true ? texts.map((text) => text.toLowerCase()) : null
}

/** Parameters that protect the sign-in are ours to set. */
const ours =
  /^(?:client_id|redirect_uri|response_type|response_mode|scope|state|nonce|code_challenge|code_challenge_method|request|request_uri)$/

const urlParams: ValueType<Readonly<Record<string, string>>> = {
  label: 'JSON {"name": "value"}',
  read(given) {
    const reading = record('JSON {"name": "value"}', oneText).read(given)
    const taken = 'value' in reading ? Object.keys(reading.value).find((name) => ours.test(name)) : undefined
    return taken === undefined ? reading : { problem: `must not set ${taken}, which Reeve sets itself` }
  },
}

const pattern: ValueType<string> = {
  label: 'pattern in RE2 syntax',
  read(given) {
    const problem = given.length > 1000 ? 'is longer than 1000 characters' : patternProblem(given)
    return problem === null ? { value: given } : { problem }
  },
}

/** Pages of the console load no pictures from elsewhere. */
const icon: ValueType<string> = {
  label: 'path of this server, or data:image URL',
  read: (given) =>
    /^data:image\/(?:png|jpeg|webp|svg\+xml)[;,][\x21-\x7e]+$|^\/(?!\/)[\w./-]*$/.test(given) && given.length <= 65_536
      ? { value: given }
      : { problem: 'must be a path of this server or a data:image URL: the console loads no pictures from elsewhere' },
}

const notice: ValueType<string> = {
  label: 'text',
  read: (given) =>
    given.trim() === '' || given.length > 500 || /\p{Cc}/u.test(given)
      ? { problem: 'must be one line of at most 500 characters' }
      : { value: given.trim() },
}

const oidc = (suffix: string) => ({
  env: `REEVE_OIDC_${suffix}`,
  yaml: `oidc.${suffix.toLowerCase()}`,
  aliases: [`CODER_OIDC_${suffix}`],
})
const group = 'Identity provider'

export const oidcOptions = {
  oidcIssuerUrl: optional<string>(group, {
    ...oidc('ISSUER_URL'),
    type: issuer,
    description: 'The identity provider (OpenID Connect), as its discovery document names it. Needs REEVE_ACCESS_URL.',
  }),
  oidcClientId: optional<string>(group, {
    ...oidc('CLIENT_ID'),
    type: types.text,
    description: 'What this Reeve is registered as at the provider.',
  }),
  oidcClientSecret: optional<Secret>(group, {
    ...oidc('CLIENT_SECRET'),
    type: types.secretText,
    description: 'The secret of that registration; a public client has none.',
    secret: true,
  }),
  oidcClientKeyFile: optional<string>(group, {
    ...oidc('CLIENT_KEY_FILE'),
    type: types.text,
    description: 'A private key (PEM) instead of a secret: Reeve signs with it who it is (private_key_jwt).',
  }),
  oidcClientCertFile: optional<string>(group, {
    ...oidc('CLIENT_CERT_FILE'),
    type: types.text,
    description: 'The certificate (PEM) of that key, where the provider finds the key by it, as Entra ID does.',
  }),
  oidcScopes: option<readonly string[]>(group, 'openid,profile,email', {
    ...oidc('SCOPES'),
    type: list,
    description: 'What the provider is asked for. offline_access is added where the provider knows it.',
  }),
  oidcAuthUrlParams: option(group, '{"access_type":"offline"}', {
    ...oidc('AUTH_URL_PARAMS'),
    type: urlParams,
    description: 'Added to the address that browsers are sent to.',
  }),
  oidcEmailDomain: optional<readonly string[]>(group, {
    ...oidc('EMAIL_DOMAIN'),
    type: list,
    fallbackLabel: 'all',
    description: 'Only people with a verified address in one of these domains may sign in.',
  }),
  oidcAllowSignups: option(group, 'true', {
    ...oidc('ALLOW_SIGNUPS'),
    type: types.boolean,
    description: 'Make a user of everybody whom the provider knows and Reeve does not.',
  }),
  oidcSignupsDisabledText: optional<string>(group, {
    ...oidc('SIGNUPS_DISABLED_TEXT'),
    aliases: ['CODER_OIDC_SIGNUPS_DISABLED_TEXT', 'CODER_SIGNUPS_DISABLED_TEXT'],
    type: notice,
    fallbackLabel: 'words of our own',
    description: 'What people are told whom the provider knows and who may not sign in here: whom to ask, for example.',
  }),
  oidcIgnoreEmailVerified: option(group, 'false', {
    ...oidc('IGNORE_EMAIL_VERIFIED'),
    type: types.boolean,
    description:
      'Believe every address that the provider states. Dangerous where people can choose theirs: the first sign-in ' +
      'with an address takes the account that waits under it.',
  }),
  oidcIgnoreUserinfo: option(group, 'false', {
    ...oidc('IGNORE_USERINFO'),
    type: types.boolean,
    description: 'Use the claims of the ID token only.',
  }),
  oidcUsernameField: option(group, 'preferred_username', {
    ...oidc('USERNAME_FIELD'),
    type: types.text,
    description: 'The claim that a new user is named after.',
  }),
  oidcNameField: option(group, 'name', {
    ...oidc('NAME_FIELD'),
    type: types.text,
    description: 'The claim with the full name.',
  }),
  oidcEmailField: option(group, 'email', {
    ...oidc('EMAIL_FIELD'),
    type: types.text,
    description: 'The claim with the e-mail address.',
  }),
  oidcGroupField: optional<string>(group, {
    ...oidc('GROUP_FIELD'),
    type: types.text,
    description: 'The claim with the groups. Syncs those of the default organization, until settings are saved there.',
  }),
  oidcGroupMapping: optional<Readonly<Record<string, string>>>(group, {
    ...oidc('GROUP_MAPPING'),
    type: record('JSON {"claim value": "group name"}', oneText),
    description: 'Groups that have another name here.',
  }),
  oidcGroupAutoCreate: option(group, 'false', {
    ...oidc('GROUP_AUTO_CREATE'),
    type: types.boolean,
    description: 'Make groups that are not there.',
  }),
  oidcGroupRegexFilter: optional<string>(group, {
    ...oidc('GROUP_REGEX_FILTER'),
    type: pattern,
    fallbackLabel: 'all',
    description: 'Only groups in which this is found are synced.',
  }),
  oidcAllowedGroups: optional<readonly string[]>(group, {
    ...oidc('ALLOWED_GROUPS'),
    type: nameList,
    fallbackLabel: 'all',
    description: 'Only people in one of these groups may sign in; whoever leaves the last one is signed out.',
  }),
  oidcUserRoleField: optional<string>(group, {
    ...oidc('USER_ROLE_FIELD'),
    type: types.text,
    description: 'The claim that decides about roles at the site. Without it people do.',
  }),
  oidcUserRoleMapping: optional<Readonly<Record<string, readonly string[]>>>(group, {
    ...oidc('USER_ROLE_MAPPING'),
    type: record('JSON {"claim value": ["role"]}', someTexts),
    description: 'Which roles each value of that claim gives.',
  }),
  oidcUserRoleDefault: optional<readonly string[]>(group, {
    ...oidc('USER_ROLE_DEFAULT'),
    type: list,
    description: 'Roles that everybody gets who signs in through the provider, while that claim decides.',
  }),
  oidcOrganizationField: optional<string>(group, {
    ...oidc('ORGANIZATION_FIELD'),
    type: types.text,
    description: 'The claim that decides about organizations, until settings are saved. Without it people do.',
  }),
  oidcOrganizationMapping: optional<Readonly<Record<string, readonly string[]>>>(group, {
    ...oidc('ORGANIZATION_MAPPING'),
    type: record('JSON {"claim value": ["organization id"]}', someIds),
    description: 'Which organizations each value of that claim gives.',
  }),
  oidcOrganizationAssignDefault: option(group, 'true', {
    ...oidc('ORGANIZATION_ASSIGN_DEFAULT'),
    type: types.boolean,
    description: 'Everybody is in the default organization as well.',
  }),
  oidcSignInText: option(group, 'Sign in with your organization', {
    ...oidc('SIGN_IN_TEXT'),
    type: types.text,
    description: 'What the button says.',
  }),
  oidcIconUrl: optional<string>(group, {
    ...oidc('ICON_URL'),
    type: icon,
    description: 'The picture on the button.',
  }),
} as const

export type OidcValues = {
  readonly [K in keyof typeof oidcOptions]: (typeof oidcOptions)[K] extends Option<infer T> ? T : never
}

export function oidcContradictions(
  values: OidcValues & { readonly accessUrl: string | null; readonly insecureHttp: boolean },
  refuse: (name: keyof OidcValues, detail: string) => unknown,
  isOpenHttp: (url: string) => boolean,
): void {
  const { oidcIssuerUrl, oidcClientId } = values
  if (oidcIssuerUrl === null) {
    if (oidcClientId !== null) refuse('oidcClientId', 'needs REEVE_OIDC_ISSUER_URL as well')
    return
  }
  if (oidcClientId === null) refuse('oidcIssuerUrl', 'needs REEVE_OIDC_CLIENT_ID as well')
  if (values.accessUrl === null) {
    refuse('oidcIssuerUrl', 'needs REEVE_ACCESS_URL as well: the provider sends people back there and nowhere else')
  }
  if (!values.insecureHttp && isOpenHttp(oidcIssuerUrl)) {
    refuse('oidcIssuerUrl', 'would be asked without encryption. Use https, or accept it with --insecure-http')
  }
  if (!values.oidcScopes.includes('openid')) refuse('oidcScopes', 'must have openid among them')
  if (values.oidcClientKeyFile !== null && values.oidcClientSecret !== null) {
    refuse('oidcClientKeyFile', 'stands in for REEVE_OIDC_CLIENT_SECRET: give one of the two')
  }
  if (values.oidcClientCertFile !== null && values.oidcClientKeyFile === null) {
    refuse('oidcClientCertFile', 'needs REEVE_OIDC_CLIENT_KEY_FILE as well')
  }
  const needsGroups = ['oidcAllowedGroups', 'oidcGroupMapping', 'oidcGroupRegexFilter'] as const
  for (const name of needsGroups) {
    if (values[name] !== null && values.oidcGroupField === null) refuse(name, 'needs REEVE_OIDC_GROUP_FIELD as well')
  }
  for (const name of ['oidcUserRoleMapping', 'oidcUserRoleDefault'] as const) {
    if (values[name] !== null && values.oidcUserRoleField === null) {
      refuse(name, 'needs REEVE_OIDC_USER_ROLE_FIELD as well')
    }
  }
  if (values.oidcOrganizationMapping !== null && values.oidcOrganizationField === null) {
    refuse('oidcOrganizationMapping', 'needs REEVE_OIDC_ORGANIZATION_FIELD as well')
  }
}

/** The files of the client's key, which are a mistake when they cannot be read or do not belong together. */
export function readOidcClientKey(
  { oidcClientKeyFile: keyPath, oidcClientCertFile: certificatePath }: OidcValues,
  read: (name: string, path: string) => string | null,
  problems: Problem[],
): ClientKey | null {
  const names = { key: oidcOptions.oidcClientKeyFile.env, certificate: oidcOptions.oidcClientCertFile.env }
  const key = keyPath === null ? null : read(names.key, keyPath)
  const certificate = certificatePath === null ? null : read(names.certificate, certificatePath)
  if (key === null || (certificatePath !== null && certificate === null)) return null
  const reading = readClientKey(key, certificate)
  if ('value' in reading) return reading.value
  const path = reading.about === 'key' ? keyPath : certificatePath
  problems.push({ field: names[reading.about], detail: `${path} ${reading.problem}` })
  return null
}

/** Null when no provider is named. */
export function oidcConfig(values: OidcValues, clientKey: ClientKey | null): OidcConfig | null {
  const { oidcIssuerUrl, oidcClientId } = values
  if (oidcIssuerUrl === null || oidcClientId === null) return null
  const mapping: Record<string, string[]> = {}
  for (const [value, ids] of Object.entries(values.oidcOrganizationMapping ?? {})) mapping[value] = [...ids]
  return {
    issuer: oidcIssuerUrl,
    clientId: oidcClientId,
    clientSecret: values.oidcClientSecret,
    clientKey,
    scopes: values.oidcScopes,
    authUrlParams: values.oidcAuthUrlParams,
    ignoreUserinfo: values.oidcIgnoreUserinfo,
    emailDomains: (values.oidcEmailDomain ?? []).map((domain) => domain.toLowerCase().replace(/^@/, '')),
    ignoreEmailVerified: values.oidcIgnoreEmailVerified,
    allowSignups: values.oidcAllowSignups,
    fields: { username: values.oidcUsernameField, name: values.oidcNameField, email: values.oidcEmailField },
    allowedGroups: values.oidcAllowedGroups ?? [],
    siteRoles: {
      field: values.oidcUserRoleField ?? '',
      mapping: values.oidcUserRoleMapping ?? {},
      fallback: values.oidcUserRoleDefault ?? [],
    },
    defaults: {
      organization: {
        field: values.oidcOrganizationField ?? '',
        mapping,
        organization_assign_default: values.oidcOrganizationAssignDefault,
      },
      groups: {
        field: values.oidcGroupField ?? '',
        mapping: {},
        regex_filter: values.oidcGroupRegexFilter,
        auto_create_missing_groups: values.oidcGroupAutoCreate,
      },
      groupNames: values.oidcGroupMapping ?? {},
    },
    uninvitedText: values.oidcSignupsDisabledText ?? '',
    signInText: values.oidcSignInText,
    iconUrl: values.oidcIconUrl ?? '',
    // What goes over plain http was refused before, but for this machine and by leave.
    insecure: oidcIssuerUrl.startsWith('http:'),
  }
}

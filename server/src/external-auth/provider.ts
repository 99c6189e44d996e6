import { Fault, type Problem, Secret } from '@reeve/base'
import { providerDefaults, type ProviderType, providerTypes } from './provider-types.ts'
import { patternProblem } from './repository-pattern.ts'

/** One place that accounts can be linked at, as it was configured. */
export interface Provider {
  readonly id: string
  readonly type: ProviderType
  readonly displayName: string
  readonly displayIcon: string
  readonly clientId: string
  /** Null for an application that has none, and proves itself with PKCE or the device code. */
  readonly clientSecret: Secret | null
  readonly clientAuth: 'basic' | 'post'
  readonly grant: 'code' | 'assertion'
  readonly authUrl: string
  readonly tokenUrl: string
  readonly validateUrl: string | null
  readonly revokeUrl: string | null
  readonly revocation: 'standard' | 'github'
  /** Null where the device flow is not offered. */
  readonly deviceUrl: string | null
  readonly scopes: readonly string[]
  /** Of addresses of repositories; empty for none. */
  readonly regex: string
  readonly refreshes: boolean
  readonly pkce: boolean
}

/** What can be said of a provider: `REEVE_EXTERNAL_AUTH_<n>_<field>`, or a key of an item of the list `external_auth`. */
export const providerFields = {
  ID: 'Name in addresses and commands: letters, digits, `.`, `_` and `-`. Default: the type.',
  TYPE: `One of ${providerTypes.join(', ')}. Default: generic.`,
  CLIENT_ID: 'Of the OAuth2 application that was registered at the provider.',
  CLIENT_SECRET: 'Of the same. Left out for an application without one.',
  CLIENT_AUTH:
    '`basic` or `post`: how the application identifies itself to the provider. Default: as the type does it.',
  AUTH_URL: 'Where people agree. For a GitHub, GitLab or Gitea of your own, the other addresses follow from it.',
  TOKEN_URL: 'Where a code is traded in for tokens.',
  VALIDATE_URL: 'Answers 401 or 403 when a token does not hold any more.',
  REVOKE_URL: 'Where tokens are ended when somebody unlinks.',
  DEVICE_FLOW: 'true offers linking by a code that is entered at the provider. Default: false.',
  DEVICE_CODE_URL: 'Where such a code comes from.',
  SCOPES: 'What is asked for, with spaces or commas.',
  REGEX: 'Addresses of repositories that the provider is for. Default: its host.',
  DISPLAY_NAME: 'What people call it.',
  DISPLAY_ICON: 'An https address of a picture.',
  NO_REFRESH: 'true never renews a token. Default: false.',
  PKCE_METHODS: '`S256`, or `none` for a provider that refuses it. Default: S256.',
} as const
export type ProviderField = keyof typeof providerFields
export const secretFields: readonly ProviderField[] = ['CLIENT_SECRET']

export interface GivenField {
  readonly text: string
  /** Where it was written, for messages. */
  readonly place: string
}
export type GivenFields = Partial<Record<ProviderField, GivenField>>

/** Pushes what is wrong and gives null, or gives the provider. `place` names the provider as a whole. */
export function readProvider(given: GivenFields, place: string, problems: Problem[]): Provider | null {
  const before = problems.length
  const refuse = (field: ProviderField, detail: string): void => {
    problems.push({ field: given[field]?.place ?? `${place}${field}`, detail })
  }
  const text = (field: ProviderField): string | null => given[field]?.text.trim() || null
  const flag = (field: ProviderField): boolean => {
    const said = text(field) ?? 'false'
    if (!/^(?:true|false|1|0|yes|no)$/i.test(said)) refuse(field, 'is neither true nor false')
    return /^(?:true|1|yes)$/i.test(said)
  }
  const url = (field: ProviderField, fallback: string | null): string | null => {
    const said = text(field)
    const problem = said === null ? null : urlProblem(said)
    if (problem !== null) refuse(field, problem)
    return said ?? fallback
  }
  const oneOf = <const T extends string>(field: ProviderField, known: readonly T[], fallback: T): T => {
    const said = text(field)
    const found = known.find((each) => each.toLowerCase() === said?.toLowerCase())
    if (said !== null && found === undefined) refuse(field, `must be one of ${known.join(', ')}`)
    return found ?? fallback
  }

  const type = oneOf('TYPE', providerTypes, 'generic')
  const clientId = text('CLIENT_ID')
  if (clientId === null) refuse('CLIENT_ID', 'is missing')
  const id = text('ID') ?? type
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(id)) refuse('ID', 'may have letters, digits, and . _ - after the first')
  const namedAuthUrl = url('AUTH_URL', null)
  const known = providerDefaults(type, problems.length > before ? null : namedAuthUrl, clientId ?? '')
  const authUrl = namedAuthUrl ?? known.authUrl
  const tokenUrl = url('TOKEN_URL', known.tokenUrl)
  if (authUrl === null) refuse('AUTH_URL', `is missing; the type ${type} has no default`)
  if (tokenUrl === null) refuse('TOKEN_URL', `is missing; the type ${type} has no default`)
  const deviceUrl = url('DEVICE_CODE_URL', known.deviceUrl)
  const offersDevice = flag('DEVICE_FLOW')
  if (offersDevice && deviceUrl === null) refuse('DEVICE_CODE_URL', 'is missing, and DEVICE_FLOW needs it')
  const secret = text('CLIENT_SECRET')
  const pkce = oneOf('PKCE_METHODS', ['S256', 'none'], 'S256') === 'S256' && known.grant === 'code'
  if (secret === null && !pkce) refuse('CLIENT_SECRET', 'is missing, and without PKCE the application needs one')
  const regex = text('REGEX') ?? (known.host === null ? '' : hostPattern(known.host))
  const wrong = patternProblem(regex)
  if (wrong !== null) refuse('REGEX', wrong)
  const icon = text('DISPLAY_ICON') ?? ''
  if (icon !== '' && URL.parse(icon)?.protocol !== 'https:') refuse('DISPLAY_ICON', 'is not an https address')
  const provider = {
    id,
    type,
    displayName: text('DISPLAY_NAME') ?? (known.displayName || id),
    displayIcon: icon,
    clientId: clientId ?? '',
    clientSecret: secret === null ? null : new Secret(secret),
    clientAuth: oneOf('CLIENT_AUTH', ['basic', 'post'], known.clientAuth),
    grant: known.grant,
    authUrl: authUrl ?? '',
    tokenUrl: tokenUrl ?? '',
    validateUrl: url('VALIDATE_URL', known.validateUrl),
    revokeUrl: url('REVOKE_URL', known.revokeUrl),
    revocation: text('REVOKE_URL') === null ? known.revocation : ('standard' as const),
    deviceUrl: offersDevice ? deviceUrl : null,
    scopes: text('SCOPES')?.split(/[\s,]+/) ?? known.scopes,
    regex,
    refreshes: !flag('NO_REFRESH'),
    pkce,
  }
  return problems.length > before ? null : provider
}

/** Tokens and the secret of the application go there. */
function urlProblem(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'is not an https address'
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or a password'
  if (url.hash !== '') return 'must not contain a fragment'
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !isLocal) return 'would carry tokens without encryption; use https'
  return null
}

const hostPattern = (host: string): string =>
  String.raw`^(https?://)?([^/@]*@)?${host.replaceAll('.', String.raw`\.`)}(/.*)?$`

/** The provider of an id; one that is not configured does not exist. */
export function providerNamed(providers: readonly Provider[], id: string): Provider {
  const found = providers.find((provider) => provider.id.toLowerCase() === id.toLowerCase())
  if (found === undefined) throw new Fault('not_found', 'there is no such provider')
  return found
}

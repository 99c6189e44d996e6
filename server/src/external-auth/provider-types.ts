/**
 * What is known of the providers that people use: where things are at them, and where they part from the standards.
 * Everything follows from the address of the provider, so that an operator of a GitLab of his own names that once and
 * nothing is ever sent to gitlab.com.
 */
export interface ProviderDefaults {
  readonly displayName: string
  readonly authUrl: string | null
  readonly tokenUrl: string | null
  readonly validateUrl: string | null
  readonly revokeUrl: string | null
  readonly deviceUrl: string | null
  readonly scopes: readonly string[]
  /** How the application says who it is at the token endpoint: HTTP Basic, or fields of the form. */
  readonly clientAuth: 'basic' | 'post'
  /** `assertion`: the code is a JWT that is traded in for tokens (RFC 7523, as Azure DevOps has it). */
  readonly grant: 'code' | 'assertion'
  /** `github`: the application ends what the person granted it. `standard`: RFC 7009. */
  readonly revocation: 'standard' | 'github'
  /** Host of the repositories. */
  readonly host: string | null
}

export const providerTypes = [
  'github',
  'gitlab',
  'gitea',
  'bitbucket-cloud',
  'bitbucket-server',
  'azure-devops',
  'azure-devops-entra',
  'generic',
] as const
export type ProviderType = (typeof providerTypes)[number]

const generic: ProviderDefaults = {
  displayName: '',
  authUrl: null,
  tokenUrl: null,
  validateUrl: null,
  revokeUrl: null,
  deviceUrl: null,
  scopes: [],
  clientAuth: 'basic',
  grant: 'code',
  revocation: 'standard',
  host: null,
}

/** `given` is the authorization address that the operator named; null for the public service. */
export function providerDefaults(type: ProviderType, given: string | null, clientId: string): ProviderDefaults {
  const origin = given === null ? null : new URL(given).origin
  return types[type](origin, clientId, given)
}

type Describe = (origin: string | null, clientId: string, given: string | null) => ProviderDefaults

const types: Readonly<Record<ProviderType, Describe>> = {
  github(given, clientId) {
    const origin = given ?? 'https://github.com'
    const api = given === null || given === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3`
    return {
      ...at(origin, 'GitHub', '/login/oauth/authorize', '/login/oauth/access_token'),
      validateUrl: `${api}/user`,
      revokeUrl: `${api}/applications/${encodeURIComponent(clientId)}/grant`,
      deviceUrl: `${origin}/login/device/code`,
      scopes: ['repo', 'workflow'],
      revocation: 'github',
    }
  },
  gitlab(given) {
    const origin = given ?? 'https://gitlab.com'
    return {
      ...at(origin, 'GitLab', '/oauth/authorize', '/oauth/token'),
      // Unlike the API it answers whatever the scopes are.
      validateUrl: `${origin}/oauth/token/info`,
      revokeUrl: `${origin}/oauth/revoke`,
      deviceUrl: `${origin}/oauth/authorize_device`,
      scopes: ['write_repository', 'read_api'],
    }
  },
  gitea(given) {
    const origin = given ?? 'https://gitea.com'
    return {
      ...at(origin, 'Gitea', '/login/oauth/authorize', '/login/oauth/access_token'),
      validateUrl: `${origin}/login/oauth/userinfo`,
      scopes: ['read:user', 'write:repository'],
    }
  },
  'bitbucket-cloud'() {
    return {
      ...at('https://bitbucket.org', 'Bitbucket', '/site/oauth2/authorize', '/site/oauth2/access_token'),
      validateUrl: 'https://api.bitbucket.org/2.0/user',
      scopes: ['account', 'repository:write'],
      clientAuth: 'basic',
    }
  },
  'bitbucket-server'(given) {
    if (given === null) return { ...generic, displayName: 'Bitbucket' }
    return {
      ...at(given, 'Bitbucket', '/rest/oauth2/latest/authorize', '/rest/oauth2/latest/token'),
      validateUrl: `${given}/rest/api/latest/inbox/pull-requests/count`,
      scopes: ['PUBLIC_REPOS', 'REPO_READ', 'REPO_WRITE'],
    }
  },
  'azure-devops'() {
    return {
      ...at('https://app.vssps.visualstudio.com', 'Azure DevOps', '/oauth2/authorize', '/oauth2/token'),
      scopes: ['vso.code_write'],
      grant: 'assertion',
      host: 'dev.azure.com',
    }
  },
  'azure-devops-entra'(origin, _clientId, given) {
    return {
      ...generic,
      displayName: 'Azure DevOps',
      // The tenant is in the path: https://login.microsoftonline.com/<tenant>/oauth2/v2.0/authorize
      tokenUrl: given === null || origin === null ? null : given.replace(/\/authorize$/, '/token'),
      // The application id of Azure DevOps in every tenant.
      scopes: ['499b84ac-1321-427f-aa17-267ca6975798/.default', 'offline_access'],
      clientAuth: 'post',
      host: 'dev.azure.com',
    }
  },
  generic: () => generic,
}

function at(origin: string, displayName: string, authorize: string, token: string): ProviderDefaults {
  return {
    ...generic,
    displayName,
    authUrl: origin + authorize,
    tokenUrl: origin + token,
    clientAuth: 'post',
    host: new URL(origin).host,
  }
}

/**
 * Every app and every port of a workspace has a host name of its own, and with it an origin of its own:
 *
 *     <slug or port>--<agent>--<workspace>--<owner>.apps.example.com
 *
 * What has two hyphens in its own name, or makes a label longer than DNS knows, is not reached by a name.
 */
export interface AppName {
  /** Of an app; of a port its digits. */
  readonly app: string
  readonly agent: string
  readonly workspace: string
  readonly owner: string
}

export interface AppHosts {
  /** Null for a host that is none of these. */
  nameOf(host: string | undefined): AppName | null
  /** The origin of an app; null where it has no name. */
  originOf(name: AppName): string | null
  /** The host of an origin that is one of these, as its browser writes it. */
  hostOf(url: URL): string | null
}

const labelCharsMax = 63

/** `wildcard` as `*.apps.example.com`, with or without a port. */
export function appHosts(wildcard: string, accessUrl: string): AppHosts {
  const access = new URL(accessUrl)
  const [pattern = '', port = access.port] = wildcard.toLowerCase().split(':')
  const suffix = pattern.slice(1)
  const withPort = port === '' ? suffix : `${suffix}:${port}`

  function nameOf(host: string | undefined): AppName | null {
    const name = (host ?? '').toLowerCase().replace(/:\d+$/, '')
    const label = name.endsWith(suffix) ? name.slice(0, -suffix.length) : ''
    const [app, agent, workspace, owner, ...more] = label.split('--')
    const isWhole = /^[a-z0-9]/.test(label) && !label.includes('.') && more.length === 0
    if (!isWhole || !app || !agent || !workspace || !owner) return null
    return { app, agent, workspace, owner }
  }

  return {
    nameOf,
    originOf({ app, agent, workspace, owner }) {
      const label = [app, agent, workspace, owner].join('--').toLowerCase()
      const isName = /^[a-z0-9-]+$/.test(label) && label.length <= labelCharsMax && label.split('--').length === 4
      return isName ? `${access.protocol}//${label}${withPort}` : null
    },
    hostOf(url) {
      const isOurs = url.protocol === access.protocol && url.username === '' && url.password === ''
      const wanted = url.host.endsWith(withPort) && nameOf(url.host) !== null
      return isOurs && wanted ? url.host : null
    },
  }
}

/** The port that an app, or a port's own name, is served on in the workspace; null for what is not served. */
export function portOf(url: string): number | null {
  if (!URL.canParse(url)) return null
  const { protocol, hostname, port } = new URL(url)
  const isHere = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
  return protocol === 'http:' && isHere ? Number(port || 80) : null
}

import type { NetworkRule } from './document.ts'

/** What was denied, as the record has it. `method` and `path` are null where nobody looked into the connection. */
export interface DeniedAccess {
  readonly method: string | null
  readonly host: string
  readonly port: number
  readonly path: string | null
}

/** The rule that allows this one act and nothing beside it: what a request for access is filled in with. */
export function narrowestRule({ method, host, port, path }: DeniedAccess): NetworkRule {
  const web = method !== null && path !== null
  return {
    id: `access-${host.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 40)}`,
    effect: 'allow',
    host: [host],
    ports: [port],
    // A star of the path itself is the one character that a rule would read as more.
    http: web ? { methods: [method], paths: [path.replaceAll('*', '%2A')] } : null,
    tcp: !web,
    tls: 'inspect',
    when: null,
    inject_session: false,
    request_bytes_max: null,
    address_classes: [],
    reason: null,
    expires: null,
    extendable: false,
  }
}

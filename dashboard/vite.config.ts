import process from 'node:process'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** `vite dev` asks this deployment; `node dashboard/mock-api/main.ts` starts one with seeded data. */
const deployment = 'http://127.0.0.1:3000'

// A build is for production whatever runs it: a test runner's NODE_ENV would put the development React into it.
if (process.argv.includes('build')) process.env['NODE_ENV'] = 'production'

export default defineConfig({
  plugins: [react(), tailwindcss()],
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
              test: /node_modules\/(?!@tanstack\/(?:react-virtual|virtual-core))|\/base\/src\/|\/sdk\/src\/(?:access-check|audit|bridge|client|common|deployment|each-endpoint|endpoint|failure|follow|index|password|permissions|problem|tokens|users)\.|app\/hooks\/|app\/api\/(?:client|lists|may|queries|query-client|reading-reason|use-watch)\.|app\/ui\/(?!facts|live-chip)|app\/shell\/(?!palette|shortcut-sheet)|app\/table\/(?:query|range)\.ts|app\/pages\/gate\./,
            },
            {
              name: 'lists',
              test: /react-virtual|virtual-core|app\/(?:forms|table)\/|app\/ui\/(?:facts|live-chip)|app\/pages\/(?:audit|people|query-keys|requests|session-columns|sessions|tokens)\./,
            },
            {
              name: 'administration',
              test: /\/sdk\/src\/(?:external-auth|groups|notifications|organizations|roles|user-sessions)|app\/api\/(?:mine|roles)|app\/(?:access|mine)\/|app\/pages\/(?:external-auth|mine|person|roles)\./,
            },
            { name: 'reading', test: /app\/timeline\/|app\/pages\/(?:request|session)\./ },
          ],
        },
      },
    },
  },
})

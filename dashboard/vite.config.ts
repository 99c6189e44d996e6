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
        // What every list is made of comes in one file, and not with what the sign-in needs.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'lists',
              test: /react-virtual|virtual-core|app\/table\/(?!range\.|query\.)|app\/ui\/(?:facts|live-chip)|app\/pages\/(?:filters|nothing-matches|session-columns)|use-last/,
            },
          ],
        },
      },
    },
  },
})

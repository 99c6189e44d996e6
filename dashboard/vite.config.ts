import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** `vite dev` asks this deployment; `node dashboard/mock-api/main.ts` starts one with seeded data. */
const deployment = 'http://127.0.0.1:3000'

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
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{base,sdk,bridge,cli,dashboard,server,test,bench,scripts}/**/*.test.{ts,tsx}'],
    // Each file in a process of its own: tests end processes, change the working folder and look for what was left.
    pool: 'forks',
    globalSetup: ['test/setup/postgres.ts'],
    setupFiles: ['test/setup/leaks.ts'],
    // How long to wait is not what a test tells; a busy machine takes its time.
    expect: { poll: { timeout: 10_000, interval: 20 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
})

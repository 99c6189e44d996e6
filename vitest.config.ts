import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/longest-first.ts'

export default defineConfig({
  test: {
    include: ['{base,policy,boundary,agent,sdk,bridge,cli,dashboard,server,test,bench,scripts}/**/*.test.{ts,tsx}'],
    // Each file in a process of its own: tests end processes, change the working folder and look for what was left.
    pool: 'forks',
    // One more than cores: most of these tests wait for servers, browsers and disks for a good part of their time.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/setup/postgres.ts'],
    setupFiles: ['test/setup/leaks.ts'],
    // How long to wait is not what a test tells; a busy machine takes its time. Where nothing else is said these count.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
  },
})

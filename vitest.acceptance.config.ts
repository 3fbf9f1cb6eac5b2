import { defineConfig } from 'vitest/config'

/** Real clients against the real program: slow, and in need of scripts/install-clients.sh. Kept out of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/acceptance/**/*.test.ts'],
    setupFiles: ['test/setup/no-outside-network.ts'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 0,
  },
})

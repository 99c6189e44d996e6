import { homedir } from 'node:os'

/**
 * The boundary, for both of its names: what this user has signed in to is put into the environment of the supervisor, so
 * that a token never stands on a command line, and then the boundary is all that is loaded.
 *
 * @param {readonly string[]} argv
 */
export async function runBoundary(argv) {
  try {
    const { boundaryLogin } = await import('../cli/src/boundary-login.ts')
    Object.assign(process.env, await boundaryLogin({ env: process.env, home: process.env['HOME'] ?? homedir() }))
  } catch (thrown) {
    process.stderr.write(`boundary: nothing ran: ${thrown instanceof Error ? thrown.message : thrown}\n`)
    process.exit(125)
  }
  const { main } = await import('../boundary/src/main.ts')
  await main(argv)
}

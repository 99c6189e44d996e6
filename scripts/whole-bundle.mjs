/**
 * For a file that runs where nothing else is: what is not found while it is made would be looked for there, in vain.
 *
 * @type {import('rolldown').InputOptions['onLog']}
 */
export function refuseMissing(_, { code, message }) {
  if (code === 'UNRESOLVED_IMPORT') throw new Error(message)
}

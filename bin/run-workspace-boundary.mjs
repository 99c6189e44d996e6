import { main } from '../boundary/src/main.ts'
import { packedHelper } from '../boundary/src/jail/packed-helper.ts'

/**
 * The boundary as workspaces fetch it (`scripts/bundle-workspace-boundary.mjs`): one file, with the native helper in it.
 * What it signs in with is in its environment already, put there by who starts it.
 *
 * @param {readonly string[]} argv
 * @param {string} file Path of this very file.
 */
export const runBoundary = (argv, file) => main(argv, () => packedHelper(file))

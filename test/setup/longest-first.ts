import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * In which order files are run: those that take minutes first, then what runs the whole product, then the others, each
 * by size as vitest does it. A long file that begins last would run alone, with all other cores idle.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => turnOf(a.moduleId) - turnOf(b.moduleId))
  }
}

/** Parts of paths, in the order of their turns. */
export const turns = [
  '/test/docs/docs.test.ts',
  '/test/browser/pages.test.ts',
  '/test/chaos/',
  '/server/src/matrix.test.ts',
  '/cli/src/matrix.test.ts',
  '/test/',
]

function turnOf(path: string): number {
  const turn = turns.findIndex((part) => path.includes(part))
  return turn === -1 ? turns.length : turn
}

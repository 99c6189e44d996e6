import { levels } from './graph.ts'
import type { Parts } from './resources.ts'

/** What is answered by whoever makes a workspace, or says who that is. */
const varying = /(^|\.)data\.(coder_parameter|coder_workspace_owner|coder_workspace|coder_task)\.[^.]+$/

/**
 * Whether a parameter, or whether there is one at all, depends on another parameter or on the owner: by the graph of the
 * configuration, in which a block that makes none just now stands as well.
 */
export function isFormDynamic({ graph }: Pick<Parts, 'graph'>): boolean {
  const nodes = new Set([...graph.dependencies.keys(), ...graph.dependents.keys()])
  return [...nodes].filter(isParameter).some((node) => {
    for (const level of levels(graph.dependencies, [node])) if (level.some((one) => varying.test(one))) return true
    return false
  })
}

const isParameter = (node: string): boolean => /(^|\.)data\.coder_parameter\.[^.]+$/.test(node)

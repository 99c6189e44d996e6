import { isSea } from 'node:sea'
import { main } from '../agent/src/main.ts'

/** The agent by itself: what workspaces fetch is made of this (`scripts/bundle-agent.mjs`). */
const [node = process.execPath, file = '', ...argv] = process.argv
const { REEVE_AGENT_LIBRARIES: libraries } = process.env
const inLibraries = libraries === undefined ? [] : ['env', `LD_LIBRARY_PATH=${libraries}`]
void main({ self: isSea() ? [...inLibraries, process.execPath] : [node, file], argv })

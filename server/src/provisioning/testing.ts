import type { BuildContext } from './build-context.ts'
import type { ProcessHost } from './process-host.ts'

/** A build of somebody's workspace as tests like it: a start without parameters, task or secrets. */
export function buildContext(changes: Partial<BuildContext> = {}): BuildContext {
  return {
    transition: 'start',
    accessUrl: 'https://reeve.example.com',
    buildId: 'b0000000-0000-4000-8000-000000000001',
    workspace: { id: 'a0000000-0000-4000-8000-000000000001', name: 'Harbour' },
    owner: {
      id: 'c0000000-0000-4000-8000-000000000001',
      name: 'dana',
      fullName: 'Dana Reed',
      email: 'dana@example.com',
      groups: ['Everyone', 'platform'],
      loginType: 'password',
      sessionToken: null,
      oidcAccessToken: null,
      sshPublicKey: '',
      sshPrivateKey: null,
      roles: [{ name: 'member', orgId: '' }],
    },
    template: { id: 'd0000000-0000-4000-8000-000000000001', name: 'task-docker', version: 'calm_river4' },
    task: null,
    parameters: new Map(),
    previousParameters: new Map(),
    missingParameters: 'refuse',
    externalAuth: new Map(),
    secrets: new Map(),
    agentTokens: new Map(),
    initScript: ({ os, arch, auth, accessUrl }) => `#!/bin/sh\n# ${os}/${arch} by ${auth}\nexec agent ${accessUrl}/\n`,
    host: closedHost,
    ...changes,
  }
}

const refused = (): never => {
  throw new Error('nothing is to be done on the host of this test')
}

/** A host that starts nothing. */
export const closedHost: ProcessHost = {
  id: 'closed',
  refusal: { problem: 'this host starts nothing', fix: 'give the test one that does' },
  openHome: refused,
  removeHome: refused,
  start: refused,
  isRunning: refused,
  stop: refused,
}

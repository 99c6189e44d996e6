import { uuidv7 } from '@reeve/base'
import type { WorkspaceResource } from '@reeve/sdk'
import { hostileTexts } from './hostile.ts'

/** What a build of a workspace made, and what one that failed said. */

export const diagnostic = `Error: Unsupported argument

  on main.tf line 14, in resource "docker_container" "workspace":
  14:   imge = "ubuntu:24.04"
    ├────────────────
    │ ${hostileTexts[0]!}

An argument named "imge" is not expected here. Did you mean "image"?`

export const resource: WorkspaceResource = {
  id: uuidv7(new Date(0)),
  address: 'docker_container.workspace[0]',
  type: 'docker_container',
  name: 'workspace',
  hide: false,
  icon: '',
  daily_cost: 0,
  metadata: [
    { key: 'image', value: 'ubuntu:24.04', sensitive: false },
    { key: 'password', value: '', sensitive: true },
  ],
  agents: [
    {
      id: uuidv7(new Date(1)),
      name: 'main',
      operating_system: 'linux',
      architecture: 'amd64',
      directory: '/workspace',
      apps: [],
    },
  ],
}

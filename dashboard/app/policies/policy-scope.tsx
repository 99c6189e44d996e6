import type { BoundaryPolicy } from '@reeve/sdk'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What a policy holds for: everything, an organization, or the workspaces of a template. */
export function PolicyScope({ policy }: { policy: Pick<BoundaryPolicy, 'organization_name' | 'template_name'> }) {
  const { organization_name: organization, template_name: template } = policy
  if (template !== null) return <HostileLine text={`workspaces of ${template}`} />
  return organization === null ? 'the deployment' : <HostileLine text={organization} />
}

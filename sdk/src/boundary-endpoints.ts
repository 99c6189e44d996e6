import {
  approveAccessRequest,
  createAccessRequest,
  declineAccessRequest,
  getAccessRequest,
  listAccessRequests,
  withdrawAccessRequest,
} from './boundary-access.ts'
import {
  countBoundaryEvents,
  getDenial,
  listBoundaryDestinations,
  listBoundaryEvents,
  listBoundaryRules,
} from './boundary-events.ts'
import {
  checkBoundaryPolicy,
  createBoundaryPolicy,
  deleteBoundaryPolicy,
  getBoundaryPolicy,
  listBoundaryPolicies,
  listBoundaryPolicyVersions,
  publishBoundaryPolicy,
  replayBoundaryPolicy,
  simulateBoundaryPolicy,
} from './boundary-policies.ts'
import { getBoundarySession, listBoundarySessions, stopBoundarySession } from './boundary-sessions.ts'

/** What people ask of boundaries, for the console and the command line. */
export const boundaryEndpoints = {
  listBoundarySessions,
  getBoundarySession,
  stopBoundarySession,
  listBoundaryEvents,
  countBoundaryEvents,
  listBoundaryDestinations,
  listBoundaryRules,
  getDenial,
  listBoundaryPolicies,
  createBoundaryPolicy,
  getBoundaryPolicy,
  deleteBoundaryPolicy,
  listBoundaryPolicyVersions,
  publishBoundaryPolicy,
  checkBoundaryPolicy,
  simulateBoundaryPolicy,
  replayBoundaryPolicy,
  listAccessRequests,
  createAccessRequest,
  getAccessRequest,
  approveAccessRequest,
  declineAccessRequest,
  withdrawAccessRequest,
} as const

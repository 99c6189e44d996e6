import type { BoundaryLine } from '@reeve/sdk'
import { cut } from './lines.ts'
import type { NumberedRow } from './record-queries.ts'

/**
 * Lines of boundaries as OCSF 1.3 with its profile Security Control: a request is HTTP Activity, another connection
 * Network Activity, a lookup DNS Activity, a file File System Activity, a command Process Activity, and what a boundary
 * tells of itself API Activity. The record itself stands in `unmapped`, so that nothing is lost on the way.
 */
export function ocsfBoundaryEvent(
  row: NumberedRow,
  line: BoundaryLine,
  record: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { category, activity, ...found } = factsOf(line)
  const denied = line.decision === 'deny'
  const process = processOf(line)
  const user = { uid: row.user_id, name: row.username }
  const device = { type_id: 0, type: 'Unknown', hostname: row.hostname }
  return {
    ...category,
    activity_id: activity[0],
    activity_name: activity[1],
    type_uid: category.class_uid * 100 + activity[0],
    time: row.at.getTime(),
    severity_id: denied ? 3 : 1,
    severity: denied ? 'Medium' : 'Informational',
    status_id: denied ? 2 : 1,
    status: denied ? 'Failure' : 'Success',
    action_id: denied ? 2 : 1,
    action: denied ? 'Denied' : 'Allowed',
    disposition_id: denied ? 2 : 1,
    disposition: denied ? 'Blocked' : 'Allowed',
    message: `${row.username}: ${line.kind} ${line.decision} ${line.rule}`,
    metadata: {
      version: '1.3.0',
      profiles: ['security_control', 'host'],
      product: { name: 'Reeve', vendor_name: 'Reeve' },
      uid: row.id,
      sequence: row.record_no,
      correlation_uid: row.session_id,
    },
    actor: {
      app_name: 'reeve boundary',
      user,
      session: { uid: row.session_id },
      ...(process === null ? {} : { process }),
    },
    device,
    firewall_rule: { uid: line.rule, name: line.rule },
    ...found,
    unmapped: record,
  }
}

type Activity = readonly [id: number, name: string]
const category = (uid: number, name: string, classUid: number, className: string) => ({
  category_uid: uid,
  category_name: name,
  class_uid: classUid,
  class_name: className,
})
const system = (uid: number, name: string) => category(1, 'System Activity', uid, name)
const network = (uid: number, name: string) => category(4, 'Network Activity', uid, name)
const other: Activity = [99, 'Other']

const methods: ReadonlyMap<string, Activity> = new Map([
  ['CONNECT', [1, 'Connect']],
  ['DELETE', [2, 'Delete']],
  ['GET', [3, 'Get']],
  ['HEAD', [4, 'Head']],
  ['OPTIONS', [5, 'Options']],
  ['POST', [6, 'Post']],
  ['PUT', [7, 'Put']],
  ['TRACE', [8, 'Trace']],
])
const source = { svc_name: 'reeve boundary' }

/** The class of a line, what of its activities it is, and what the class asks for. */
function factsOf(line: BoundaryLine) {
  const { net, dns, file, exec } = line
  if (net !== null) {
    const dst_endpoint = {
      hostname: net.host,
      port: net.port,
      ...(net.address === null ? {} : { ip: net.address }),
    }
    const ends = { src_endpoint: source, dst_endpoint }
    if (net.method === null || net.url === null) {
      const activity: Activity = line.decision === 'deny' ? [5, 'Refuse'] : [1, 'Open']
      return { category: network(4001, 'Network Activity'), activity, ...ends }
    }
    return {
      category: network(4002, 'HTTP Activity'),
      activity: methods.get(net.method) ?? other,
      ...ends,
      http_request: { http_method: net.method, url: { url_string: cut(net.url), hostname: net.host, port: net.port } },
      ...(net.status === null ? {} : { http_response: { code: net.status } }),
    }
  }
  if (dns !== null) {
    const activity: Activity = [1, 'Query']
    const query = { hostname: dns.name, type: dns.type }
    return { category: network(4003, 'DNS Activity'), activity, query, src_endpoint: source }
  }
  if (file !== null) {
    const name = nameOf(file.path)
    return {
      category: system(1001, 'File System Activity'),
      activity: other,
      file: { name, path: cut(file.path), type_id: 0, type: 'Unknown' },
    }
  }
  if (exec !== null) {
    const activity: Activity = [1, 'Launch']
    const name = nameOf(exec.path)
    const process = {
      name,
      cmd_line: cut(exec.argv.join(' ')),
      working_directory: cut(exec.cwd),
      file: fileOf(exec.path),
    }
    return { category: system(1007, 'Process Activity'), activity, process }
  }
  return {
    category: category(6, 'Application Activity', 6003, 'API Activity'),
    activity: other,
    api: { operation: `boundary.${line.kind}` },
    src_endpoint: source,
  }
}

function processOf({ process }: BoundaryLine) {
  if (process === null) return null
  const { exe, pid, argv } = process
  return { pid, cmd_line: cut(argv.join(' ')), ...(exe === null ? {} : { name: nameOf(exe), file: fileOf(exe) }) }
}

const nameOf = (path: string): string => cut(path.split('/').at(-1) || path || 'unknown') ?? 'unknown'
const fileOf = (path: string) => ({ name: nameOf(path), path: cut(path), type_id: 1, type: 'Regular File' })

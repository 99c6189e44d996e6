import type { EndedRow } from './record-queries.ts'
import type { BridgeRecord } from './records.ts'

/**
 * Records as OCSF 1.3, class API Activity: somebody asked a model through an API. The record itself stands in `unmapped`,
 * so that nothing is lost on the way.
 */
export function ocsfRecord(row: EndedRow, record: BridgeRecord, at: Date): Record<string, unknown> {
  const isEnd = record.record_type === 'interception_end'
  const failed = isEnd && row.outcome !== 'ok'
  const { username } = row
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    activity_id: 99,
    activity_name: record.record_type,
    type_uid: 600399,
    time: at.getTime(),
    severity_id: failed ? 3 : 1,
    severity: failed ? 'Medium' : 'Informational',
    status_id: failed ? 2 : 1,
    status: failed ? 'Failure' : 'Success',
    ...(isEnd && row.status_code !== null ? { status_code: String(row.status_code) } : {}),
    message: `${username || row.user_id} asked ${row.model || row.route} at ${row.provider_name}: ${record.record_type}`,
    metadata: {
      version: '1.3.0',
      product: { name: 'Reeve', vendor_name: 'Reeve' },
      uid: record.id,
      correlation_uid: row.id,
    },
    actor: {
      app_name: row.client,
      user: { uid: row.user_id, ...(username === '' ? {} : { name: username }) },
      session: { uid: row.session_id, credential_uid: row.api_key_id },
    },
    api: { operation: row.route, service: { name: row.provider_name }, request: { uid: row.id } },
    resources: [{ type: 'model', name: row.model || 'unknown' }],
    src_endpoint: row.source_ip === null ? { svc_name: 'reeve' } : { ip: row.source_ip },
    ...(row.user_agent === null ? {} : { http_request: { user_agent: row.user_agent } }),
    unmapped: record,
  }
}

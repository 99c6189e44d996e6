import { endRecord, itemRecord, startRecord, tokenRecord } from '../records-out/records.ts'
import type { ItemRow } from './rows.ts'
import type { Written } from './write.ts'

/**
 * What structured logging prints. Printed after the commit, so that a line never tells of something that is not in the
 * database. Control characters are escaped by JSON itself.
 */
export function recordLines({ starts, ends }: Written): object[] {
  const told = (items: readonly ItemRow[], msgId: string | null) =>
    items.flatMap((item) => itemRecord(item, msgId, true) ?? [])
  return [
    ...starts.flatMap(({ row, items }) => {
      const result = items.findLast((item) => item.kind === 'tool_result')
      const start = startRecord({ ...row, correlating_tool_call_id: result?.tool_call_id ?? null })
      return [start, ...told(items, null)]
    }),
    ...ends.flatMap(({ row, items }) => [
      ...told(items, row.provider_response_id),
      tokenRecord(row) ?? [],
      endRecord(row, true),
    ]),
  ].flat()
}

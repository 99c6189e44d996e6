import { arrayOf, isObject, objectOf, stringOf } from '../json.ts'

const depthMax = 8

/**
 * The content of a message or of a tool result as text. What is not text (images, documents, references) becomes a short
 * note in brackets, and an unknown block its JSON, so that nothing is silently left out.
 */
export function contentText(content: unknown, depth = 0): string {
  if (typeof content === 'string') return content
  if (Array.isArray(content))
    return content
      .map((block) => blockText(block, depth))
      .filter((text) => text !== '')
      .join('\n')
  if (isObject(content)) return blockText(content, depth)
  return content === undefined || content === null ? '' : JSON.stringify(content)
}

function blockText(value: unknown, depth: number): string {
  if (typeof value === 'string') return value
  const block = objectOf(value)
  switch (block['type']) {
    case 'text':
      return stringOf(block['text']) ?? ''
    case 'image':
    case 'document':
    case 'audio':
    case 'file':
      return mediaNote(String(block['type']), objectOf(block['source']))
    case 'tool_reference':
      return `[tool ${stringOf(block['tool_name']) ?? 'unknown'}]`
    case 'web_search_result':
      return `${stringOf(block['title']) ?? ''} ${stringOf(block['url']) ?? ''}`.trim()
    default:
      if (depth < depthMax && arrayOf(block['content']).length > 0) return contentText(block['content'], depth + 1)
      return JSON.stringify(value) ?? ''
  }
}

function mediaNote(kind: string, source: Readonly<Record<string, unknown>>): string {
  const mediaType = stringOf(source['media_type'])
  const data = stringOf(source['data'])
  const url = stringOf(source['url']) ?? stringOf(source['file_id'])
  const size = data === null ? null : `${Math.floor((data.length * 3) / 4)} bytes`
  return `[${[kind, mediaType, size, url].filter((part) => part !== null).join(' ')}]`
}

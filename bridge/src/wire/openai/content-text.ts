import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json.ts'

/** The content of a message or of a tool's output as text: what is not text becomes a short note in brackets. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (Array.isArray(content))
    return content
      .map(partText)
      .filter((text) => text !== '')
      .join('\n')
  return content === undefined || content === null
    ? ''
    : isObject(content)
      ? partText(content)
      : JSON.stringify(content)
}

/** One part of content; an unknown one is its JSON, so that nothing is silently left out. */
export function partText(part: unknown): string {
  if (typeof part === 'string') return part
  const { type, text, refusal } = objectOf(part)
  if (typeof text === 'string') return text
  if (type === 'refusal' && typeof refusal === 'string') return refusal
  return mediaNote(objectOf(part)) ?? JSON.stringify(part) ?? ''
}

/** Images, sound and files, in the shapes of both APIs; null for anything else. */
function mediaNote(part: JsonObject): string | null {
  const kind = { image_url: 'image', input_image: 'image', computer_screenshot: 'image' }[String(part['type'])]
  if (kind !== undefined) {
    const image = part['image_url']
    return note([kind, address(stringOf(image) ?? stringOf(objectOf(image)['url']) ?? stringOf(part['file_id']))])
  }
  if (part['type'] === 'input_audio') {
    const audio = objectOf(part['input_audio'])
    return note(['audio', stringOf(audio['format']), sizeOf(stringOf(audio['data']))])
  }
  if (part['type'] === 'file' || part['type'] === 'input_file') {
    const file = part['type'] === 'file' ? objectOf(part['file']) : part
    const data = stringOf(file['file_data'])
    const id = stringOf(file['file_id']) ?? stringOf(file['file_url'])
    return note(['file', stringOf(file['filename']), data === null ? id : address(data)])
  }
  return null
}

const note = (parts: readonly (string | null)[]): string => `[${parts.filter((part) => part !== null).join(' ')}]`

/** A URL, or the type and size of what stands in the place of one. */
function address(url: string | null): string | null {
  const data = /^data:([^;,]{0,100})[^,]{0,100},/.exec(url ?? '')
  return data === null || url === null ? url : `${data[1]} ${sizeOf(url.slice(data[0].length))}`
}

/** How large something in base64 is. */
export function sizeOf(base64: string | null): string | null {
  return base64 === null ? null : `${Math.floor((base64.length * 3) / 4)} bytes`
}

/** Text of the parts of content that are of this type, or of content that is plain text. */
export function textsOf(content: unknown): readonly string[] {
  if (typeof content === 'string') return [content]
  return arrayOf(content).flatMap((part) => stringOf(objectOf(part)['text']) ?? [])
}

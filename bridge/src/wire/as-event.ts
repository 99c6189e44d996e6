/**
 * A message in the form in which it is recorded: as the event of a stream, so that an answer reads alike however it was
 * carried. A line end can only stand between two tokens of the JSON, and begins another line of the same event.
 */
export function asEvent(message: Buffer): Buffer {
  if (!message.includes(10) && !message.includes(13)) return Buffer.concat([beginning, message, ending])
  const lines = message.toString('utf8').split(/\r\n|\r|\n/)
  return Buffer.from(`${lines.map((line) => `data: ${line}\n`).join('')}\n`)
}

const beginning = Buffer.from('data: ')
const ending = Buffer.from('\n\n')

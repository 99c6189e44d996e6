import { randomInt } from 'node:crypto'

const wordsMax = 4
const wordsCharsMax = 25
const tail = 'abcdefghijkmnpqrstuvwxyz23456789'

/**
 * A name for people to know a task by: the first words of what it is to do, and a tail that no other has. Names are in
 * the audit log and in messages: a word that is no plain one, as a password or an address would be, is left out.
 */
export function nameOfPrompt(prompt: string): string {
  let name = ''
  let count = 0
  for (const word of prompt.slice(0, 1_000).split(/\s+/)) {
    const plain = /^["'(]*([A-Za-z]{1,14})["').,:;!?]*$/.exec(word)?.[1]?.toLowerCase()
    if (plain === undefined || count === wordsMax) continue
    const longer = name === '' ? plain : `${name}-${plain}`
    if (longer.length > wordsCharsMax) break
    name = longer
    count++
  }
  const random = Array.from({ length: 5 }, () => tail[randomInt(tail.length)]).join('')
  return `${name === '' ? 'task' : name}-${random}`
}

import { foldStream, type WireReader } from '../wire-reader.ts'
import { readRequest } from './read-request.ts'
import { finish, initial, step } from './stream.ts'
import { readWhole } from './whole.ts'

export const openaiResponsesReader: WireReader = {
  readRequest,
  readWhole,
  readStream: foldStream({ initial, step, finish }),
}

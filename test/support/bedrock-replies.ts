import { chunkFrame } from './bedrock-frames.ts'
import type { SeenRequest } from './http-requests.ts'
import { messageEvents, messageJson, type Turn } from './messages.ts'
import { chunk, head, json, lastChunk } from './replies.ts'
import type { Step } from './upstream.ts'

export const framesHead: Step = head(200, {
  'content-type': 'application/vnd.amazon.eventstream',
  'transfer-encoding': 'chunked',
  'x-amzn-requestid': 'aws-request-1',
})

/** The frames of a turn, as Amazon Bedrock sends them: each event in one, the last with its numbers about it. */
export function turnFrames(turn: Turn): readonly Buffer[] {
  return messageEvents(turn)
    .map((event) => /^data: (.*)$/m.exec(event)![1]!)
    .map((data) =>
      chunkFrame(
        data.startsWith('{"type":"message_stop"')
          ? '{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1,"outputTokenCount":2}}'
          : data,
      ),
    )
}

/** What Amazon Bedrock answers: frames or one piece, as the path asks. */
export function bedrockReply(request: SeenRequest, turn: Turn): readonly Step[] {
  if (!request.path.endsWith('/invoke-with-response-stream')) return json(messageJson(turn))
  return [framesHead, ...turnFrames(turn).map(chunk), lastChunk]
}

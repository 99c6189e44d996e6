import type { Dispatcher } from 'undici'

/** The answer of a provider as it can be turned off and on: nothing of it is let in before it has begun. */
export class UpstreamTap {
  isPaused = false
  /** Nothing more comes. The connection may carry somebody else's answer then, and is not touched any more. */
  isOver = false
  #controller: Dispatcher.DispatchController | null = null

  opened(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  pause(): void {
    this.isPaused = true
    this.#controller?.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (!this.isOver) this.#controller?.resume()
  }

  /** Nothing more is wanted. A provider that is not connected yet is told when it is. */
  abort(): void {
    if (this.isOver || this.#controller === null) return
    this.isOver = true
    this.#controller.abort(new Error('the answer is not wanted any more'))
  }
}

import { FRAME_BYTES, HIDDEN, STOPPED, parsePing, stampPong, writePong } from './frames.js'

/** @import { ClockMap } from './frames.js' */

/**
 * Answers the server's pings. One per thread that receives them; not tied to
 * a transport.
 */
export class Responder {
  #view = new DataView(new ArrayBuffer(FRAME_BYTES))
  #resolution
  /** Device time less this thread's performance.now(), ms. */
  shift = 0
  hidden = false
  /** The clock may have stopped: said once, with the next pong. */
  stopped = false

  /** @param {number} resolution of performance.now(), ms */
  constructor(resolution) {
    this.#resolution = resolution
  }

  /**
   * Answers one frame through `send`, which must copy it (RTCDataChannel and
   * WebSocket do). Returns the map that it carried, null when the server has
   * none yet, undefined when it was no ping.
   *
   * @param {unknown} data
   * @param {number} received  this thread's performance.now() on arrival
   * @param {(pong: ArrayBuffer) => void} send
   * @returns {ClockMap | null | undefined}
   */
  answer(data, received, send) {
    const ping = data instanceof ArrayBuffer ? parsePing(data) : null
    if (!ping) return undefined
    const flags = (this.hidden ? HIDDEN : 0) | (this.stopped ? STOPPED : 0)
    this.stopped = false
    writePong(this.#view, { nonce: ping.nonce, flags, resolution: this.#resolution, t2: received + this.shift })
    stampPong(this.#view, performance.now() + this.shift)
    send(this.#view.buffer)
    return ping.map
  }
}

/**
 * The resolution of `now` in ms: the smallest step among the next few.
 *
 * @param {() => number} [now]
 */
export function resolutionOf(now = () => performance.now()) {
  let least = 1
  let last = now()
  for (let steps = 0; steps < 12; ) {
    const t = now()
    if (t === last) continue
    least = Math.min(least, t - last)
    last = t
    steps++
  }
  return Math.max(least, 0.001)
}

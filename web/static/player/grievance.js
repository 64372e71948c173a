import { SEEK_ABOVE } from './law.js'
import { ready } from './media.js'
import { BEHIND, NO_RANGES, SLOW } from './trouble.js'

/** @import { Holder } from './holder.js' */
/** @import { Status } from './status.js' */

/** Says what keeps a medium from being where the timeline is, and tells the server. */
export class Grievance {
  #element
  #status
  #holder
  #desync

  /**
   * @param {HTMLMediaElement} element
   * @param {Status} status
   * @param {Holder} holder
   * @param {(position: number, d: number) => void} desync  it was at `position`, s, at device time `d`, and can't be held
   */
  constructor(element, status, holder, desync) {
    this.#element = element
    this.#status = status
    this.#holder = holder
    this.#desync = desync
  }

  /**
   * It can't be brought to where the others are, or is there again. Nothing else is
   * to blame then.
   *
   * @param {boolean} is
   */
  aside(is) {
    const { trouble } = this.#status
    if (!is) this.#status.solved(NO_RANGES)
    else if (!trouble || trouble === BEHIND || trouble === SLOW) this.#status.say(NO_RANGES)
  }

  /**
   * Tells of a drift that lasts.
   *
   * @param {number} position  s
   * @param {number} drift     s
   */
  drifts(position, drift) {
    const d = performance.now()
    if (Math.abs(drift) < SEEK_ABOVE) this.#status.solved(BEHIND, SLOW)
    if (!this.#holder.complains(drift, d)) return
    this.#desync(position, d)
    if (!this.#status.trouble) this.#status.say(ready(this.#element) ? BEHIND : SLOW)
  }
}

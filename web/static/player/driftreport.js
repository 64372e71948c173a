import { SEEK_ABOVE } from './controllaw.js'
import { ready } from './media.js'
import { BEHIND, NO_RANGES, SLOW } from './playertroubles.js'

/** @import { RateControl } from './ratecontrol.js' */
/** @import { PlayerStatus } from './playerstatus.js' */

/** Says what keeps a medium from being where the timeline is, and tells the server. */
export class DriftReport {
  #element
  #status
  #rateControl
  #desync

  /**
   * @param {HTMLMediaElement} element
   * @param {PlayerStatus} status
   * @param {RateControl} rateControl
   * @param {(position: number, d: number) => void} desync  it was at `position`, s, at device time `d`, and can't be held
   */
  constructor(element, status, rateControl, desync) {
    this.#element = element
    this.#status = status
    this.#rateControl = rateControl
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
    if (!this.#rateControl.complains(drift, d)) return
    this.#desync(position, d)
    if (!this.#status.trouble) this.#status.say(ready(this.#element) ? BEHIND : SLOW)
  }
}

import { began } from './media.js'
import { LearnedDelay } from './learneddelay.js'
import { MUTED, REFUSED } from './playertroubles.js'

/** @import { TrimmedTime } from './trimmedtime.js' */
/** @import { PlayerStatus } from './playerstatus.js' */

/** Starts a medium early by what starts take on this device, and learns from each. */
export class Starter {
  #element
  #time
  #status
  #muteIfNeeded
  #sounding = new LearnedDelay('start', 70, 1000)
  #silent = new LearnedDelay('start-muted', 40, 1000)
  #proven = false
  /** The browser doesn't let it play before somebody touches the page. */
  blocked = false

  /**
   * @param {HTMLMediaElement} element
   * @param {TrimmedTime} time
   * @param {PlayerStatus} status
   * @param {boolean} muteIfNeeded
   */
  constructor(element, time, status, muteIfNeeded) {
    this.#element = element
    this.#time = time
    this.#status = status
    this.#muteIfNeeded = muteIfNeeded
  }

  get #learnt() {
    return this.#element.muted ? this.#silent : this.#sounding
  }

  /** What to expect of a start, ms: with sound it is longer. */
  get latency() {
    return this.#learnt.median
  }

  /**
   * Starts a medium that stands at `position`, so that it leaves there at `t`;
   * at once if that is too early to ask for. Resolves with when it did; NaN if it doesn't.
   *
   * @param {number} t         ms
   * @param {number} position  s
   * @param {number} rate
   * @param {AbortSignal} signal
   */
  async start(t, position, rate, signal) {
    const learnt = this.#learnt
    await this.#time.until(t - learnt.median, signal)
    const told = performance.now()
    if (!(await this.#play()) || signal.aborted) return NaN
    const since = await began(this.#element, position, rate, signal)
    learnt.add(since - told)
    return this.#time.at(since)
  }

  /** False when it doesn't play. */
  async #play() {
    const element = this.#element
    const play = () => element.play().then(() => null, error => error)
    let error = await play()
    if (refused(error) && this.#muteIfNeeded && !element.muted) {
      element.muted = true
      error = await play()
      if (error) element.muted = false
      else this.#status.say(MUTED)
    }
    if (refused(error)) this.#refused()
    return !error
  }

  #refused() {
    this.blocked = true
    this.#status.say(REFUSED)
  }

  /**
   * Finds out as soon as a medium is loaded whether a tap is needed: asking
   * for one when it should begin is too late. Some browsers load nothing before it.
   */
  async probe() {
    if (this.#proven || this.#muteIfNeeded || this.#element.muted || navigator.userActivation?.hasBeenActive) return
    const asked = this.#element.play().then(() => null, error => error)
    this.#element.pause()
    if (refused(await asked)) this.#refused()
    else this.#proven = true
  }

  /**
   * Tries from within a tap or key; resolves to whether the browser allows it.
   *
   * @param {boolean} muted
   */
  async unlock(muted) {
    this.#element.muted = muted
    this.blocked = await this.#element.play().then(() => false, refused)
    if (!this.blocked) this.#status.solved(REFUSED, MUTED)
    return !this.blocked
  }
}

/** @param {DOMException | null} error */
function refused(error) {
  return error?.name === 'NotAllowedError'
}

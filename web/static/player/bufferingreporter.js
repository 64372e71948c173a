import { comfortable, ready } from './media.js'

/** @import { Session } from '../downbeat.js' */
/** @import { PlayerStatus } from './playerstatus.js' */

/** A stall that is over sooner is nobody's business, ms. */
const SHORT = 300
/** What lasts is said again: those who wait may have begun to only now, ms. */
const AGAIN = 3000

/** Tells the session when this device has to load, where everybody waits for everybody. */
export class BufferingReporter {
  #session
  #element
  #status
  #url = ''
  #told = false
  #since = NaN
  #last = -Infinity

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {PlayerStatus} status
   */
  constructor(session, element, status) {
    this.#session = session
    this.#element = element
    this.#status = status
  }

  /**
   * Looks how it is now.
   *
   * @param {number} d  device time, ms
   */
  look(d) {
    const { timeline } = this.#session
    const { mediaUrl, isPlaying } = timeline.at(this.#session.now())
    const { waitForAll, waitingFor } = timeline.info
    if (mediaUrl !== this.#url) this.#forget(mediaUrl)
    if (!mediaUrl || !waitForAll) return this.#forget(mediaUrl)
    const wanted = isPlaying || waitingFor.length > 0
    if (this.#told) this.#stays(wanted, d)
    else this.#begins(wanted && this.#lacks(!isPlaying), d)
  }

  /** @param {string} mediaUrl */
  #forget(mediaUrl) {
    this.#url = mediaUrl
    this.#told = false
    this.#since = NaN
  }

  /**
   * Has it too little to play?
   *
   * @param {boolean} stands  while somebody is waited for
   */
  #lacks(stands) {
    const { state } = this.#status
    return state === 'buffering' || state === 'loading' || (stands && state === 'paused' && !ready(this.#element))
  }

  /**
   * @param {boolean} lacks
   * @param {number} d
   */
  #begins(lacks, d) {
    if (!lacks) this.#since = NaN
    else if (!(d - this.#since >= 0)) this.#since = d
    if (d - this.#since >= SHORT) this.#tell(true, d)
  }

  /**
   * @param {boolean} wanted
   * @param {number} d
   */
  #stays(wanted, d) {
    const { state } = this.#status
    const hopeless = state === 'failed' || state === 'blocked'
    if (!wanted || hopeless || comfortable(this.#element, this.#session.timeline.position(this.#session.now()))) this.#tell(false, d)
    else if (d - this.#last >= AGAIN) this.#tell(true, d)
  }

  /**
   * @param {boolean} buffering
   * @param {number} d
   */
  #tell(buffering, d) {
    this.#told = buffering
    this.#since = NaN
    this.#last = d
    this.#session.buffering(this.#url, buffering).catch(() => {}) // it is said again
  }
}

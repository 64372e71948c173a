/** @import { Session } from '../downbeat.js' */

/**
 * The session's time and timeline by when this device is heard or seen: the
 * trim ahead of session time, so that all that follows it is early by that.
 */
export class TrimmedTime {
  #session
  /** ms */
  trimMs

  /**
   * @param {Session} session
   * @param {number} trimMs
   */
  constructor(session, trimMs) {
    this.#session = session
    this.trimMs = trimMs
  }

  get timeline() {
    return this.#session.timeline
  }

  /** ms; NaN while session time is unknown. */
  now() {
    return this.#session.now() + this.trimMs
  }

  /** The state of the timeline now. */
  state() {
    return this.timeline.at(this.now())
  }

  /** Where the timeline is now, s. */
  position() {
    return this.timeline.position(this.now())
  }

  /**
   * Where a medium is: what is given without a server is the page's, but films of the
   * session's server are there, though the page came from another one.
   *
   * @param {string} url  as the leader gave it
   */
  address(url) {
    return addressOf(url, this.#session.server.url, location.href)
  }

  /**
   * The time of device time `d`, ms.
   *
   * @param {number} d  performance.now()
   */
  at(d) {
    return this.#session.toSession(d) + this.trimMs
  }

  /**
   * Calls `fn` at `t`; returns a function that calls it off.
   *
   * @param {number} t  ms
   * @param {() => void} fn
   */
  when(t, fn) {
    return this.#session.at(t - this.trimMs, fn)
  }

  /**
   * Resolves at `t`; rejects when the signal is aborted.
   *
   * @param {number} t  ms
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  until(t, signal) {
    return new Promise((resolve, reject) => {
      const off = this.when(t, () => resolve())
      signal.addEventListener('abort', () => {
        off()
        reject(signal.reason)
      }, { once: true })
    })
  }
}

/**
 * @param {string} url
 * @param {string} server  of the session
 * @param {string} page
 */
export function addressOf(url, server, page) {
  const film = /^\/([^/].*\/)?media\//.test(url)
  return URL.canParse(url, page) ? new URL(url, film ? server : page).href : url
}

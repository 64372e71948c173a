import { alertError, byId, say } from '../ui/ui.js'
import { clockTime } from '../ui/sessionwords.js'

/** @import { Session } from '../../downbeat.js' */

export const SKIP = 10
/** Skips that follow each other more closely add up, ms. */
const SOON = 1000
/** What who leads has alone. */
const LEADERS = ['toggle', 'back', 'forth', 'rate']

/** The film's transport: where it is, and, for who leads, to play, pause, go elsewhere, change the speed. */
export class Transport {
  #session
  #element
  #scrubbing = false
  #skippedTo = NaN
  #skippedAt = -Infinity
  #scrub = /** @type {HTMLInputElement} */ (byId('scrub'))
  #rate = /** @type {HTMLSelectElement} */ (byId('rate'))

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   */
  constructor(session, element) {
    this.#session = session
    this.#element = element
    byId('toggle').onclick = () => this.toggle()
    byId('back').onclick = () => this.skip(-SKIP)
    byId('forth').onclick = () => this.skip(SKIP)
    this.#rate.onchange = () => this.#sync({ playbackRate: Number(this.#rate.value) })
    this.#scrub.oninput = () => {
      this.#scrubbing = true
      this.#showTime(Number(this.#scrub.value))
    }
    this.#scrub.onchange = () => {
      this.#scrubbing = false
      this.#sync({ position: Number(this.#scrub.value) })
    }
    this.#scrub.onblur = () => (this.#scrubbing = false)
  }

  get #planned() {
    return this.#session.timeline.planned(this.#session.now())
  }

  /** Does it play, or would, if it didn't wait for somebody? */
  get #plays() {
    return (this.#planned.isPlaying && !this.#over) || this.#session.timeline.info.waitingFor.length > 0
  }

  /** Where the timeline is, s. */
  get #position() {
    return this.#session.timeline.position(this.#session.now())
  }

  /** Is it over here, though nobody told its length yet? */
  get #over() {
    return !this.#session.timeline.info.loop && this.#position >= this.#length
  }

  /** s; Infinity while unknown. */
  get #length() {
    const { duration } = this.#element
    return this.#session.timeline.info.duration || (Number.isFinite(duration) ? duration : Infinity)
  }

  toggle() {
    if (this.#plays) this.#sync({ isPlaying: false })
    else this.#sync({ isPlaying: true, ...(this.#over ? { position: 0 } : {}) })
  }

  /** @param {number} seconds */
  skip(seconds) {
    const soon = performance.now() - this.#skippedAt < SOON
    const from = soon ? this.#skippedTo : this.#position
    this.#skippedAt = performance.now()
    this.#skippedTo = Math.max(0, Math.min(this.#length, from + seconds))
    this.#sync({ position: this.#skippedTo })
  }

  /** @param {{isPlaying?: boolean, position?: number, playbackRate?: number}} change */
  #sync(change) {
    const { mediaUrl } = this.#planned
    if (mediaUrl && this.#session.isLeader) this.#session.syncPlayback({ isPlaying: this.#plays, ...change }).catch(alertError)
  }

  /** Brings what is shown up to date. */
  show() {
    const { mediaUrl, playbackRate } = this.#session.timeline.at(this.#session.now())
    const { isLeader } = this.#session
    byId('controls').hidden = !mediaUrl
    for (const id of LEADERS) byId(id).hidden = !isLeader
    say(byId('toggle'), this.#plays ? 'Pause' : 'Play')
    if (document.activeElement !== this.#rate) this.#rate.value = String(playbackRate)
    this.#scrub.disabled = !isLeader || !Number.isFinite(this.#length)
    if (!this.#scrubbing) this.#showPosition()
  }

  #showPosition() {
    const length = this.#length
    if (Number.isFinite(length) && this.#scrub.max !== String(length)) this.#scrub.max = String(length)
    const position = Math.min(this.#position, length)
    this.#scrub.value = String(position)
    this.#showTime(position)
  }

  /** @param {number} position */
  #showTime(position) {
    const length = Number.isFinite(this.#length) ? ` / ${clockTime(this.#length)}` : ''
    const text = clockTime(position) + length
    say(byId('time'), text)
    if (this.#scrub.getAttribute('aria-valuetext') !== text) this.#scrub.setAttribute('aria-valuetext', text)
  }
}

/**
 * The last part of an address, as a title.
 *
 * @param {string} url
 */
export function titleOf(url) {
  const name = url.split(/[?#]/)[0].split('/').pop() ?? ''
  try {
    return decodeURIComponent(name).slice(0, 256)
  } catch {
    return name.slice(0, 256)
  }
}

import { alertError, byId } from './ui.js'
import { clockTime } from './watch-words.js'

/** @import { Session } from '../downbeat.js' */

const SKIP = 10
/** Skips that follow each other more closely add up, ms. */
const SOON = 1000

/** What the leader can do: load, play, pause, go elsewhere, change the speed. */
export class Lead {
  #session
  #element
  #scrubbing = false
  #skippedTo = NaN
  #skippedAt = -Infinity
  #scrub = /** @type {HTMLInputElement} */ (byId('scrub'))
  #rate = /** @type {HTMLSelectElement} */ (byId('rate'))
  #url = /** @type {HTMLInputElement} */ (byId('url'))

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   */
  constructor(session, element) {
    this.#session = session
    this.#element = element
    byId('toggle').onclick = () => this.#toggle()
    byId('back').onclick = () => this.#skip(-SKIP)
    byId('forth').onclick = () => this.#skip(SKIP)
    this.#rate.onchange = () => this.#sync({ playbackRate: Number(this.#rate.value) })
    this.#scrub.oninput = () => {
      this.#scrubbing = true
      this.#showTime(Number(this.#scrub.value))
    }
    this.#scrub.onchange = () => {
      this.#scrubbing = false
      this.#sync({ position: Number(this.#scrub.value) })
    }
    byId('load').onsubmit = event => {
      event.preventDefault()
      this.#load(this.#url.value.trim())
    }
    addEventListener('keydown', event => this.#key(event))
  }

  /** @param {string} mediaUrl */
  #load(mediaUrl) {
    this.#session.loadMedia({ mediaUrl, mediaTitle: titleOf(mediaUrl) }).catch(alertError)
  }

  get #playback() {
    return this.#session.timeline.at(this.#session.now())
  }

  /** Where the timeline is, s. */
  get #position() {
    return this.#session.timeline.position(this.#session.now())
  }

  #toggle() {
    const { isPlaying } = this.#playback
    const over = this.#position >= this.#length
    this.#sync(over ? { isPlaying: true, position: 0 } : { isPlaying: !isPlaying })
  }

  /** @param {number} seconds */
  #skip(seconds) {
    const soon = performance.now() - this.#skippedAt < SOON
    const from = soon ? this.#skippedTo : this.#position
    this.#skippedAt = performance.now()
    this.#skippedTo = Math.max(0, Math.min(this.#length, from + seconds))
    this.#sync({ position: this.#skippedTo })
  }

  /** @param {{isPlaying?: boolean, position?: number, playbackRate?: number}} change */
  #sync(change) {
    const { mediaUrl, isPlaying } = this.#playback
    if (mediaUrl) this.#session.syncPlayback({ isPlaying, ...change }).catch(alertError)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { target, key } = event
    if (!this.#session.isLeader || event.altKey || event.ctrlKey || event.metaKey) return
    if (target instanceof Element && target.closest('input, select, textarea')) return
    if (key === ' ' && target instanceof Element && target.closest('button, a')) return // it presses that
    if (key === ' ') this.#toggle()
    else if (key === 'ArrowLeft') this.#skip(-SKIP)
    else if (key === 'ArrowRight') this.#skip(SKIP)
    else return
    event.preventDefault()
  }

  /** s; Infinity while unknown. */
  get #length() {
    const { duration } = this.#element
    return Number.isFinite(duration) ? duration : this.#session.timeline.info.duration || Infinity
  }

  /** Brings what is shown up to date. */
  show() {
    const { mediaUrl, isPlaying, playbackRate } = this.#playback
    byId('lead').hidden = !this.#session.isLeader
    for (const id of ['toggle', 'back', 'forth', 'rate']) /** @type {HTMLButtonElement} */ (byId(id)).disabled = !mediaUrl
    const word = isPlaying && this.#position < this.#length ? 'Pause' : 'Play'
    if (byId('toggle').textContent !== word) byId('toggle').textContent = word
    if (document.activeElement !== this.#rate) this.#rate.value = String(playbackRate)
    this.#scrub.disabled = !mediaUrl || !Number.isFinite(this.#length)
    if (this.#scrubbing) return
    if (Number.isFinite(this.#length)) this.#scrub.max = String(this.#length)
    const position = Math.min(this.#position, this.#length)
    this.#scrub.value = String(position)
    this.#showTime(position)
  }

  /** @param {number} position */
  #showTime(position) {
    const length = Number.isFinite(this.#length) ? ` / ${clockTime(this.#length)}` : ''
    const text = clockTime(position) + length
    byId('time').textContent = text
    this.#scrub.setAttribute('aria-valuetext', text)
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

import * as format from '../ui/format.js'
import { correction, lineOf, partAt, Transport } from './taketimeline.js'
import { el, reveal, say } from '../ui/ui.js'

/** @import { Part, Track } from './taketimeline.js' */

/** How often the players are looked at while the take plays, ms. */
const LOOK = 100
/** A player that is this near to a place needs no jump to it while it stands, s. */
const CLOSE = 0.001
const SPEEDS = [0.25, 0.5, 1, 2]

/** A take to look at: its recordings side by side in sync, played and scrubbed together. */
export class TakeView {
  #line
  #transport
  #cells
  #timer = 0
  #play = /** @type {HTMLButtonElement} */ (el('button', { type: 'button', className: 'primary', onclick: () => this.#toggle() }, 'Play'))
  #seek = /** @type {HTMLInputElement} */ (el('input', { type: 'range', min: '0', step: 'any', value: '0', ariaLabel: 'Position in the take' }))
  #time = el('span', { className: 'takeview-time' })
  node

  /**
   * @param {any[]} recordings  as in the listing
   * @param {(deviceId: string) => string} nameOf
   */
  constructor(recordings, nameOf) {
    this.#line = lineOf(recordings)
    this.#transport = new Transport(this.#line.length)
    const heard = Math.max(0, this.#line.tracks.findIndex(track => track.sounds))
    const group = `hear-${crypto.getRandomValues(new Uint32Array(1))[0]}`
    this.#cells = this.#line.tracks.map((track, i) => new Cell(track, nameOf(track.deviceId), group, i === heard))
    this.#seek.max = String(this.#line.length)
    this.#seek.oninput = () => this.#go(Number(this.#seek.value))
    const controls = el('div', { className: 'takeview-controls' }, this.#play,
      this.#step('−1 frame', -1), this.#step('+1 frame', 1), this.#seek, this.#time, this.#speeds())
    const grid = el('div', { className: 'takeview-grid' }, ...this.#cells.map(cell => cell.node))
    this.node = el('div', { className: 'takeview' }, grid, controls)
    this.#show()
  }

  /**
   * Can any of it be played?
   *
   * @param {any[]} recordings  as in the listing
   */
  static canShow(recordings) {
    return lineOf(recordings).tracks.length > 0
  }

  #speeds() {
    const select = /** @type {HTMLSelectElement} */ (el('select', { ariaLabel: 'Speed' },
      ...SPEEDS.map(speed => el('option', { value: String(speed), selected: speed === 1 }, `${speed}×`))))
    select.onchange = () => this.#transport.setSpeed(Number(select.value))
    return select
  }

  /**
   * @param {string} text
   * @param {number} frames
   */
  #step(text, frames) {
    const step = () => {
      this.pause()
      this.#go(this.#transport.position + frames * this.#line.frame)
    }
    return el('button', { type: 'button', className: 'quiet', onclick: step }, text)
  }

  /** @param {number} position  s */
  #go(position) {
    this.#transport.seek(position)
    this.#show()
  }

  #toggle() {
    if (this.#transport.playing) return this.pause()
    this.#transport.play()
    this.#timer = setInterval(() => this.#show(), LOOK)
    this.#show()
  }

  pause() {
    clearInterval(this.#timer)
    this.#transport.pause()
    this.#show()
  }

  /** Brings players and controls to where the line is; the line waits for players without data. */
  #show() {
    const { frame } = this.#line
    const { playing, position, speed } = this.#transport
    if (playing && this.#transport.over) return this.pause()
    const waits = this.#cells.map(cell => cell.show(position, frame)).some(ready => !ready)
    this.#transport.run(playing && !waits)
    for (const cell of this.#cells) cell.keep(this.#transport.position, playing && !waits, speed)
    say(this.#play, playing ? 'Pause' : 'Play')
    const words = `${format.clock(position)} of ${format.clock(this.#line.length)}${playing && waits ? ', loading…' : ''}`
    say(this.#time, words)
    if (this.#seek.value !== String(position)) this.#seek.value = String(position)
    if (this.#seek.getAttribute('aria-valuetext') !== words) this.#seek.setAttribute('aria-valuetext', words)
  }

  close() {
    clearInterval(this.#timer)
    for (const cell of this.#cells) cell.close()
  }
}

/** One device's picture in it. */
class Cell {
  #track
  #video = /** @type {HTMLVideoElement} */ (el('video', { playsInline: true, preload: 'auto', disableRemotePlayback: true }))
  #note = el('span', { className: 'takeview-note' })
  /** @type {Part | null} */ #part = null
  /** Is the line within the part? */
  #seen = false
  /** Where the player is to go, s; NaN: nowhere else. */
  #wanted = NaN
  node

  /**
   * @param {Track} track
   * @param {string} name
   * @param {string} group  of the choice who is heard
   * @param {boolean} heard
   */
  constructor(track, name, group, heard) {
    this.#track = track
    const hear = /** @type {HTMLInputElement} */ (el('input', { type: 'radio', name: group, checked: heard }))
    this.#video.muted = !heard
    this.#video.setAttribute('aria-label', `Recording of ${name}`)
    hear.addEventListener('hear', () => (this.#video.muted = !hear.checked))
    hear.onchange = () => {
      for (const other of document.getElementsByName(group)) other.dispatchEvent(new Event('hear'))
    }
    this.#video.onseeked = () => this.#arrived()
    this.#video.onerror = () => say(this.#note, 'This browser can’t play the file.')
    this.node = el('figure', { className: 'takeview-cell' }, el('div', { className: 'takeview-picture' }, this.#video, this.#note),
      el('figcaption', {}, el('span', {}, name), el('label', {}, hear, ' hear')))
  }

  /**
   * Has the part ready that belongs to a position; false while its data are lacking.
   *
   * @param {number} position  s
   * @param {number} frame     s
   */
  show(position, frame) {
    const part = partAt(this.#track, position, frame)
    this.#seen = part !== null
    const next = part ?? this.#track.parts.find(({ from }) => from > position) ?? null
    if (next && next.recordingId !== this.#part?.recordingId) this.#load(next)
    reveal(this.#video, this.#seen)
    if (!this.#video.error) say(this.#note, this.#seen ? '' : 'nothing recorded here')
    return !this.#seen || this.#video.error !== null || this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || this.#video.ended
  }

  /** @param {Part} part */
  #load(part) {
    this.#part = part
    this.#wanted = NaN
    this.#video.src = part.url
  }

  /**
   * Keeps the player where the line is.
   *
   * @param {number} position  s
   * @param {boolean} running
   * @param {number} speed
   */
  keep(position, running, speed) {
    const video = this.#video
    if (!this.#part || video.readyState < HTMLMediaElement.HAVE_METADATA) return
    const place = Math.min(Math.max(0, position - this.#part.from), Number.isFinite(video.duration) ? video.duration : Infinity)
    if (!running || !this.#seen) {
      if (!video.paused) video.pause()
      if (Math.abs(video.currentTime - place) > CLOSE) this.#jump(place)
      return
    }
    const { jump, rate } = correction(video.currentTime - place, speed)
    if (jump && !video.ended) this.#jump(place)
    video.playbackRate = rate
    if (video.paused && !video.ended) video.play().catch(() => {}) // it is tried again
  }

  /** @param {number} place  s */
  #jump(place) {
    this.#wanted = place
    if (!this.#video.seeking) this.#video.currentTime = place
  }

  /** While somebody scrubs, the places in between are left out. */
  #arrived() {
    if (Math.abs(this.#video.currentTime - this.#wanted) > CLOSE && this.#video.paused) this.#video.currentTime = this.#wanted
    this.#wanted = NaN
  }

  close() {
    this.#video.removeAttribute('src')
    this.#video.load()
  }
}

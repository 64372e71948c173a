import * as format from './format.js'
import { Keyed } from './keyed.js'
import { fileName, lengthOf } from './media.js'
import { step, watches } from './step.js'
import { alertError, alertUser, byId, el, reveal, say, setPill } from './ui.js'

/** @import { Session } from '../downbeat.js' */
/** @import { Painter } from './painter.js' */
/** @import { Device, Roster } from './roster.js' */

/** Length of the seek bar while the media's isn't known, s. */
const UNKNOWN = 600

const seek = /** @type {HTMLInputElement} */ (byId('seek'))
const rate = /** @type {HTMLSelectElement} */ (byId('rate'))
const play = /** @type {HTMLButtonElement} */ (byId('play'))
const url = /** @type {HTMLInputElement} */ (byId('media-url'))
const title = /** @type {HTMLInputElement} */ (byId('media-title'))
const length = /** @type {HTMLInputElement} */ (byId('media-length'))
const load = /** @type {HTMLButtonElement} */ (byId('load'))

/** What all watch: load, play, pause, seek, rate; and who is in sync. */
export class Party {
  #session
  #painter
  #roster
  /** Length of the media as this browser found it, s, by its URL. */
  /** @type {Map<string, number>} */ #found = new Map()
  #timer = 0
  /** The last play or pause, and when each device followed it, ms against the instant. */
  #order = ''
  /** @type {Map<string, number>} */ #followed = new Map()
  /** The bar is being moved: it doesn't follow the time meanwhile. */
  #held = false
  #who

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {Roster} roster
   */
  constructor(session, painter, roster) {
    this.#session = session
    this.#painter = painter
    this.#roster = roster
    this.#who = new Keyed(byId('in-sync'), device => this.#item(device))
    byId('media-form').onsubmit = event => {
      event.preventDefault()
      this.#load().catch(alertError)
    }
    play.onclick = () => this.toggle()
    rate.onchange = () => this.#sync({ playbackRate: Number(rate.value) })
    seek.oninput = () => {
      this.#held = true
      say(byId('position'), this.#positionWords(Number(seek.value)))
    }
    seek.onchange = () => {
      this.#held = false
      this.#sync({ position: Number(seek.value) })
    }
    seek.onblur = () => (this.#held = false)
  }

  /** Plays what is paused, pauses what plays. */
  toggle() {
    if (!play.disabled) this.#sync({ isPlaying: !this.#planned.isPlaying })
  }

  /** @param {string} commandId  of a playback_sync */
  ordered(commandId) {
    this.#order = commandId
  }

  /** @param {any} report  as in command_report */
  report({ commandId, devices }) {
    if (commandId !== this.#order) return
    for (const { deviceId, errorMs } of devices) if (Number.isFinite(errorMs)) this.#followed.set(deviceId, errorMs)
    this.#painter.ask('party', () => this.draw())
  }

  close() {
    clearTimeout(this.#timer)
  }

  /** What the timeline comes to with all that is scheduled. */
  get #planned() {
    return this.#session.timeline.at(Infinity)
  }

  /** @param {object} change  of the timeline */
  #sync(change) {
    this.#session.syncPlayback({ isPlaying: this.#planned.isPlaying, ...change }).catch(alertError)
  }

  async #load() {
    const mediaUrl = url.value.trim()
    let media
    try {
      media = new URL(mediaUrl, location.href)
    } catch {
      return alertUser('That is no address: give one that every device can open, such as https://example.org/film.mp4.')
    }
    const typed = length.value.trim() ? format.parseClock(length.value) : 0
    if (Number.isNaN(typed)) return alertUser('The length must be like 1:30 or 90.')
    load.disabled = true
    try {
      const mediaDuration = typed || await lengthOf(media.href)
      await this.#session.loadMedia({ mediaUrl: media.href, mediaTitle: title.value.trim(), ...(mediaDuration ? { mediaDuration } : {}) })
    } finally {
      this.#painter.ask('party', () => this.draw())
    }
  }

  /** Draws soon, and each second while it plays. */
  tick() {
    clearTimeout(this.#timer)
    this.#painter.ask('party', () => this.draw())
    if (this.#planned.isPlaying) this.#timer = setTimeout(() => this.tick(), 1000)
  }

  draw() {
    const s = this.#session
    const now = s.now()
    const state = s.timeline.at(Number.isNaN(now) ? Infinity : now)
    const may = s.isLeader && (s.state === 'synced' || s.state === 'syncing')
    for (const control of [url, title, length, load]) control.disabled = !may
    const loaded = state.mediaUrl !== ''
    for (const control of [play, seek, rate]) control.disabled = !may || !loaded
    reveal(byId('party-empty'), !loaded)
    for (const id of ['player', 'sync-box']) reveal(byId(id), loaded)
    if (loaded) this.#drawPlayer(state, now)
    this.drawWho()
  }

  /** @param {import('../lib/timeline.js').PlaybackState} state @param {number} now */
  #drawPlayer(state, now) {
    const { title } = this.#session.timeline.info
    const name = title || fileName(state.mediaUrl)
    say(byId('now-title'), name)
    byId('now-title').title = state.mediaUrl
    say(play, this.#planned.isPlaying ? 'Pause' : 'Play')
    const offered = [...rate.options].find(o => Number(o.value) === state.playbackRate)
    if (offered && document.activeElement !== rate) rate.value = offered.value
    if (this.#held) return
    const position = Math.min(this.#session.timeline.position(now) || 0, this.#duration || Infinity)
    const whole = String(Math.round(this.#duration || Math.max(UNKNOWN, Math.ceil(position / 60 + 5) * 60)))
    if (seek.max !== whole) seek.max = whole
    const value = String(Math.floor(position))
    if (seek.value !== value) seek.value = value
    const words = this.#positionWords(position)
    say(byId('position'), words)
    if (seek.getAttribute('aria-valuetext') !== words) seek.setAttribute('aria-valuetext', words)
  }

  /** Length of the media, s; 0 while it isn't known. */
  get #duration() {
    const { info } = this.#session.timeline
    const { mediaUrl } = this.#planned
    if (info.mediaUrl === mediaUrl && info.duration > 0) return info.duration
    const found = this.#found.get(mediaUrl)
    if (found === undefined && mediaUrl) this.#find(mediaUrl)
    return found ?? 0
  }

  /** @param {string} mediaUrl */
  #find(mediaUrl) {
    this.#found.set(mediaUrl, 0)
    lengthOf(mediaUrl).then(s => {
      this.#found.set(mediaUrl, s)
      this.tick()
    })
  }

  /** @param {number} position */
  #positionWords(position) {
    const duration = this.#duration
    return duration ? `${format.clock(position)} of ${format.clock(duration)}` : format.clock(position)
  }

  /** Who is how far from where it should be. */
  drawWho() {
    const watching = this.#roster.devices.filter(watches)
    reveal(byId('in-sync-empty'), watching.length === 0)
    this.#who.show(watching.map(d => [d.deviceId, d]))
  }

  /**
   * @param {Device} first
   * @returns {import('./keyed.js').Part<Device>}
   */
  #item(first) {
    const name = el('span', { className: 'what' })
    const words = el('span', { className: 'soft' })
    const pill = el('span', { className: 'pill' })
    const update = (/** @type {Device} */ device) => {
      const is = step(device, this.#followed.get(device.deviceId), this.#session.now())
      say(name, this.#roster.name(first.deviceId))
      say(words, is.words)
      setPill(pill, is.word, is.kind)
    }
    return { node: el('li', {}, name, words, pill), update }
  }
}

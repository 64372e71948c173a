import * as format from '../ui/format.js'
import { fileName, lengthOf } from './mediafacts.js'
import { PlaybackLoad } from './playbackload.js'
import { PlaybackDevices } from './playbackdevices.js'
import { alertError, byId, reveal, say } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Painter } from '../ui/painter.js' */
/** @import { Roster } from './roster.js' */
/** @import { Report } from '../../lib/wire.js' */

/** Length of the seek bar while the media's isn't known, s. */
const UNKNOWN = 600

const seek = /** @type {HTMLInputElement} */ (byId('seek'))
const rate = /** @type {HTMLSelectElement} */ (byId('rate'))
const play = /** @type {HTMLButtonElement} */ (byId('play'))
const loop = /** @type {HTMLInputElement} */ (byId('loop'))
const waitForAll = /** @type {HTMLInputElement} */ (byId('wait-for-all'))

/** What all watch: load, play, pause, seek, rate; and who is in sync. */
export class Playback {
  #session
  #painter
  #load
  #who
  /** Media whose length was looked for. */
  /** @type {Set<string>} */ #sought = new Set()
  #timer = 0
  /** The last play or pause. */
  #order = ''
  /** The bar is being moved: it doesn't follow the time meanwhile. */
  #held = false

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {Roster} roster
   */
  constructor(session, painter, roster) {
    this.#session = session
    this.#painter = painter
    this.#who = new PlaybackDevices(session, roster)
    this.#load = new PlaybackLoad(session, painter, () => this.#soon())
    byId('media-form').onsubmit = event => {
      event.preventDefault()
      this.#load.load().catch(alertError)
    }
    play.onclick = () => this.toggle()
    rate.onchange = () => this.#sync({ playbackRate: Number(rate.value) })
    loop.onchange = () => void session.playbackOptions({ loop: loop.checked }).catch(alertError)
    waitForAll.onchange = () => void session.playbackOptions({ waitForAll: waitForAll.checked }).catch(alertError)
    this.#followBar()
  }

  #followBar() {
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

  /** Plays what is paused or over, pauses what plays. */
  toggle() {
    if (!play.disabled) this.#sync({ isPlaying: !this.#plays })
  }

  /** @param {string} commandId  of a playback_sync */
  ordered(commandId) {
    this.#order = commandId
    this.#who.forget()
  }

  /** @param {Report} report */
  report(report) {
    if (report.commandId !== this.#order) return
    this.#who.report(report)
    this.#soon()
  }

  close() {
    clearTimeout(this.#timer)
  }

  /** What the timeline comes to with all that is scheduled. */
  get #planned() {
    return this.#session.timeline.planned(this.#session.now())
  }

  /** Does it play, or would, if it didn't wait for somebody? */
  get #plays() {
    return this.#planned.isPlaying || this.#session.timeline.info.waitingFor.length > 0
  }

  /** @param {object} change  of the timeline */
  #sync(change) {
    this.#session.syncPlayback({ isPlaying: this.#plays, ...change }).catch(alertError)
  }

  #soon() {
    this.#painter.ask('party', () => this.draw())
  }

  /** Draws soon, and each second while it plays. */
  tick() {
    clearTimeout(this.#timer)
    this.#soon()
    if (this.#plays) this.#timer = setTimeout(() => this.tick(), 1000)
  }

  draw() {
    const s = this.#session
    const now = s.now()
    const state = s.timeline.at(Number.isNaN(now) ? Infinity : now)
    const may = s.isLeader && (s.state === 'synced' || s.state === 'syncing')
    this.#load.enable(may)
    const loaded = state.mediaUrl !== ''
    for (const control of [play, seek, rate, loop, waitForAll]) control.disabled = !may || !loaded
    reveal(byId('party-empty'), !loaded)
    for (const id of ['player', 'sync-box']) reveal(byId(id), loaded)
    if (loaded) this.#drawPlayer(state, now)
    this.drawWho()
  }

  drawWho() {
    this.#who.draw()
  }

  /** @param {import('../../downbeat.js').PlaybackState} state @param {number} now */
  #drawPlayer(state, now) {
    const { info } = this.#session.timeline
    say(byId('now-title'), info.title || fileName(state.mediaUrl))
    byId('now-title').title = state.mediaUrl
    say(play, this.#plays ? 'Pause' : 'Play')
    const offered = [...rate.options].find(o => Number(o.value) === state.playbackRate)
    if (offered && document.activeElement !== rate) rate.value = offered.value
    loop.checked = info.loop
    waitForAll.checked = info.waitForAll
    if (!this.#held) this.#drawPosition(this.#session.timeline.position(now) || 0)
  }

  /** @param {number} position  s */
  #drawPosition(position) {
    const whole = String(Math.round(this.#duration || Math.max(UNKNOWN, Math.ceil(position / 60 + 5) * 60)))
    if (seek.max !== whole) seek.max = whole
    const value = String(Math.floor(position))
    if (seek.value !== value) seek.value = value
    const words = this.#positionWords(position)
    say(byId('position'), words)
    if (seek.getAttribute('aria-valuetext') !== words) seek.setAttribute('aria-valuetext', words)
  }

  /** Length of the media, s; 0 while nobody knows it. */
  get #duration() {
    const { info } = this.#session.timeline
    const { mediaUrl } = this.#planned
    if (info.mediaUrl === mediaUrl && info.duration > 0) return info.duration
    if (mediaUrl && !this.#sought.has(mediaUrl)) this.#find(mediaUrl)
    return 0
  }

  /**
   * Looks for a length, for everybody.
   *
   * @param {string} mediaUrl
   */
  async #find(mediaUrl) {
    this.#sought.add(mediaUrl)
    const s = await lengthOf(mediaUrl)
    if (s > 0) await this.#session.mediaInfo(mediaUrl, s).catch(() => {}) // whoever plays it tells it as well
  }

  /** @param {number} position */
  #positionWords(position) {
    const duration = this.#duration
    return duration ? `${format.clock(position)} of ${format.clock(duration)}` : format.clock(position)
  }
}

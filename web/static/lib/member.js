import { Calls } from './calls.js'
import { Timeline } from './timeline.js'
import * as wire from './wire.js'

/** @import { ToEngine } from './engine.js' */
/** @import { PlaybackState } from './timeline.js' */
/** @import { SessionJoined, Snapshot, Told } from './wire.js' */

/**
 * Session time, as the timeline needs it.
 *
 * @typedef {object} Time
 * @property {() => number} now  ms; NaN while unknown
 * @property {(t: number, fn: () => void) => () => void} at
 */

/** Who this device is in its session, and what the session plays. */
export class Member extends Calls {
  #time
  /** @type {PlaybackState | null} */ #playing = null
  #off = () => {}
  sessionId
  userId = ''
  deviceId = ''
  isLeader = false
  /** What this device may do; '' where that is everything. */
  role = ''
  /** The key in the session's join link, where the server has such keys. */
  joinKey = ''
  /** The keys of all the session's links, where the server has such keys and this device may hand them out. */
  /** @type {{device: string, watch: string, direct: string} | null} */ keys = null
  /** This device's own recording of the take that is coming or under way, as of joining; '' for none. */
  recordingId = ''
  /** Somebody watches what this device's camera and microphone give. */
  monitorWanted = false
  /** The session's members and playback, as of the last message that held them. */
  /** @type {Snapshot | null} */ session = null
  /** Playback as a function of session time, scheduled changes included. */
  timeline = new Timeline()

  /**
   * @param {string} sessionId
   * @param {(message: ToEngine) => void} post
   * @param {Time} time
   */
  constructor(sessionId, post, time) {
    super(post)
    this.sessionId = sessionId
    this.#time = time
  }

  /**
   * @protected
   * @param {Told} told
   */
  learn(...told) {
    const [event, data] = told
    switch (event) {
      case wire.SESSION_JOINED: this.#joined(data); break
      case wire.SESSION_STATE: this.session = data; break
      case wire.MONITOR_WANTED: this.monitorWanted = data.on === true; break
      case wire.LEADERSHIP_CHANGED: this.isLeader = data.newLeaderId === this.userId
    }
    if (!this.timeline.receive(event, data)) return
    this.#play()
    this.emit('timeline', this.timeline)
  }

  /** @param {SessionJoined} data */
  #joined({ userId, deviceId, isLeader, session, joinKey = '', role = '', keys, recordingId = '' }) {
    Object.assign(this, { userId, deviceId, isLeader, session, joinKey, role, keys: keys ?? null, recordingId, monitorWanted: false })
  }

  /**
   * Tells what plays now, if that is something else, and waits for the next change.
   *
   * @param {boolean} [turned]  the media has begun again
   */
  #play(turned = false) {
    this.#off()
    const now = this.#time.now()
    const known = !Number.isNaN(now)
    const playing = known ? this.timeline.at(now) : this.#playing
    const next = known ? this.timeline.next(now)?.lastUpdateTime ?? Infinity : -Infinity // as soon as it is known
    const [turn, end] = known ? [this.timeline.turn(now), this.timeline.end(now)] : [Infinity, Infinity]
    const due = Math.min(next, turn, end)
    if (due < Infinity) this.#off = this.#time.at(due, () => this.#play(turn <= next))
    if (playing === this.#playing && !turned) return
    this.#playing = playing
    this.emit('playback', playing)
  }

  /** @protected */
  stopPlaying() {
    this.#off()
  }

  /**
   * Goes on from another position, playing or paused as before (leader).
   *
   * @param {number} position  s
   */
  seek(position) {
    return this.syncPlayback({ isPlaying: this.#planned.isPlaying, position })
  }

  /**
   * Goes on at another speed (leader).
   *
   * @param {number} playbackRate  1/16 to 16
   */
  setRate(playbackRate) {
    return this.syncPlayback({ isPlaying: this.#planned.isPlaying, playbackRate })
  }

  /** What the timeline comes to with all that is scheduled. */
  get #planned() {
    return this.timeline.planned(this.#time.now())
  }
}

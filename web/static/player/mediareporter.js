import * as wire from '../lib/wire.js'

/** @import { MediaStatus, Session } from '../downbeat.js' */
/** @import { PlayerState } from '../player.js' */
/** @import { PlayerStatus } from './playerstatus.js' */

/** Changes closer together are told as one, ms. */
const APART = 400
/** Told again: whoever hears nothing for longer takes it for unknown, ms. */
const PLAYING = 3000
const STANDING = 5000
/** A length that nobody took is told again, ms. */
const LENGTH = 5000
/** The leader's word goes before another's that is wrong by more, s. */
const WRONG = 0.5
/** As much of an address as a status has. */
const ADDRESS = 600

/** Tells the session how a player is doing, and how long its medium is. */
export class MediaReporter {
  #session
  #element
  #status
  #told = ''
  #at = -Infinity
  #lengthAt = -Infinity
  #refused = false

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
    const { timeline, state } = this.#session
    if (state !== 'synced' && state !== 'syncing') return
    const { mediaUrl } = timeline.at(this.#session.now())
    this.#length(mediaUrl, d)
    const media = describe(mediaUrl, this.#status, this.#element)
    const key = `${media.mediaUrl} ${media.state} ${media.error} ${media.durationS}`
    const pause = key !== this.#told ? APART : 'driftMs' in media ? PLAYING : STANDING
    if (this.#refused || d - this.#at < pause) return
    this.#told = key
    this.#at = d
    this.#session.mediaStatus(media).catch(({ code }) => (this.#refused = code === wire.CODE_NOT_ALLOWED)) // an observer
  }

  /**
   * @param {string} mediaUrl
   * @param {number} d
   */
  #length(mediaUrl, d) {
    const { timeline: { info }, isLeader } = this.#session
    const { duration, readyState, error } = this.#element
    const wrong = isLeader && Math.abs(info.duration - duration) > WRONG
    const known = info.mediaUrl === mediaUrl && info.duration > 0 && !wrong
    if (known || !mediaUrl || !readyState || error || !Number.isFinite(duration) || duration <= 0) return
    if (this.#status.state === 'loading' || d - this.#lengthAt < LENGTH) return // the element may have the medium before
    this.#lengthAt = d
    this.#session.mediaInfo(mediaUrl, duration).catch(() => {})
  }
}

/**
 * @param {string} mediaUrl
 * @param {PlayerStatus} status
 * @param {HTMLMediaElement} element
 * @returns {MediaStatus}
 */
export function describe(mediaUrl, { state, trouble, drift }, { duration, currentTime }) {
  return {
    mediaUrl: mediaUrl.slice(0, ADDRESS),
    state: trouble?.code === 'autoplay_refused' ? 'blocked' : named(state, currentTime),
    ...(trouble ? { error: trouble.code } : {}),
    ...(Number.isFinite(drift) ? { driftMs: Math.round(drift * 10) / 10 } : {}),
    ...(Number.isFinite(duration) && duration > 0 ? { durationS: duration } : {}),
  }
}

/**
 * @param {PlayerState} state
 * @param {number} position  s
 * @returns {MediaStatus['state']}
 */
function named(state, position) {
  switch (state) {
    case 'unsynced': case 'closed': return 'loading'
    case 'paused': return position > 0 ? 'paused' : 'ready'
  }
  return state
}

/**
 * The take that goes on, as a console hears of it.
 *
 * @typedef {object} Take
 * @property {string} commandId
 * @property {string} label
 * @property {number} start     session ms
 * @property {number} stop      session ms; Infinity while nobody knows
 * @property {string} stopId    the stop's commandId, once it is scheduled
 */

/**
 * Where the take is. `none`: there is none, or it is over; `counting`: its
 * instant lies ahead; `recording`.
 *
 * @typedef {'none' | 'counting' | 'recording'} Phase
 */

/**
 * The take after an event.
 *
 * @param {Take | null} take
 * @param {string} event  start_recording, stop_recording or cancelled
 * @param {any} data
 * @returns {Take | null}
 */
export function follow(take, event, data) {
  const { commandId, timestamp } = data
  if (event === 'start_recording') {
    return { commandId, label: data.postureLabel ?? '', start: timestamp, stop: data.duration ? timestamp + data.duration : Infinity, stopId: '' }
  }
  if (!take) return null
  if (event === 'stop_recording') return { ...take, stop: timestamp, stopId: commandId }
  if (event === 'cancelled' && commandId === take.commandId) return null
  if (event === 'cancelled' && commandId === take.stopId) return { ...take, stop: Infinity, stopId: '' }
  return take
}

/**
 * @param {Take | null} take
 * @param {number} now  session ms
 * @returns {Phase}
 */
export function phase(take, now) {
  if (!take || !(now < take.stop)) return 'none'
  return now < take.start ? 'counting' : 'recording'
}

/**
 * What the clock of the record panel shows, and when that changes.
 *
 * @param {Take | null} take
 * @param {number} now  session ms
 * @returns {{phase: Phase, seconds: number, changesAt: number}}
 *   seconds: left until the start, or since it, or 0; changesAt: session ms
 */
export function reading(take, now) {
  const p = phase(take, now)
  if (!take || p === 'none') return { phase: 'none', seconds: 0, changesAt: Infinity }
  if (p === 'counting') {
    const seconds = Math.ceil((take.start - now) / 1000)
    return { phase: p, seconds, changesAt: take.start - (seconds - 1) * 1000 }
  }
  const seconds = Math.floor((now - take.start) / 1000)
  return { phase: p, seconds, changesAt: Math.min(take.stop, take.start + (seconds + 1) * 1000) }
}

/**
 * The take that a session has been in since before this console came, from
 * its recordings; null if it isn't in one.
 *
 * @param {any} session    the session object
 * @param {any[]} recordings
 * @returns {Take | null}
 */
export function underWay(session, recordings) {
  if (session?.status !== 'recording') return null
  const last = recordings.findLast(r => r.uploadStatus === 'recording')
  if (!last) return null
  return { commandId: last.takeId, label: last.postureLabel, start: last.takeTimestamp, stop: Infinity, stopId: '' }
}

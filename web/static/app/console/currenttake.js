import * as wire from '../../lib/wire.js'

/** @import { Snapshot, StartRecording } from '../../lib/wire.js' */

/**
 * The take that goes on, as a console hears of it.
 *
 * @typedef {object} Take
 * @property {string} commandId
 * @property {string} label
 * @property {number} start     session ms
 * @property {number} stop      session ms; Infinity while nobody knows
 * @property {string} stopId    the stop's commandId, once it is scheduled
 * @property {string[] | null} devices  those that record; null: all that do
 */

/**
 * Where the take is. `none`: there is none, or it is over; `counting`: its
 * instant is still to come; `recording`.
 *
 * @typedef {'none' | 'counting' | 'recording'} Phase
 */

/**
 * The data of start_recording, stop_recording or cancelled. A server of another time may name the devices.
 *
 * @typedef {Partial<StartRecording> & {commandId: string, devices?: string[] | null}} TakeEvent
 */

/**
 * The take after an event.
 *
 * @param {Take | null} take
 * @param {string} event  start_recording, stop_recording or cancelled
 * @param {TakeEvent} data
 * @returns {Take | null}
 */
export function follow(take, event, data) {
  const { commandId, timestamp = NaN } = data
  if (event === wire.START_RECORDING) {
    const stop = data.duration ? timestamp + data.duration : Infinity
    return { commandId, label: data.postureLabel ?? '', start: timestamp, stop, stopId: '', devices: data.devices ?? null }
  }
  if (!take) return null
  if (event === wire.STOP_RECORDING) return { ...take, stop: timestamp, stopId: commandId }
  if (event === wire.CANCELLED && commandId === take.commandId) return null
  if (event === wire.CANCELLED && commandId === take.stopId) return { ...take, stop: Infinity, stopId: '' }
  return take
}

/**
 * While session time isn't known a take counts as one that records: to stop it is right,
 * whatever the time is.
 *
 * @param {Take | null} take
 * @param {number} now  session ms; NaN while unknown
 * @returns {Phase}
 */
export function phase(take, now) {
  if (!take || now >= take.stop) return 'none'
  return now < take.start ? 'counting' : 'recording'
}

/**
 * What the clock of the record panel shows, and when that changes.
 *
 * @param {Take | null} take
 * @param {number} now  session ms
 * @returns {{phase: Phase, seconds: number, changesAt: number}}
 *   seconds: left until the start, or since it, or 0; NaN while unknown. changesAt: session ms
 */
export function reading(take, now) {
  const p = phase(take, now)
  if (!take || p === 'none') return { phase: 'none', seconds: 0, changesAt: Infinity }
  if (p === 'counting') {
    const seconds = Math.ceil((take.start - now) / 1000)
    return { phase: p, seconds, changesAt: take.start - (seconds - 1) * 1000 }
  }
  const seconds = Math.floor((now - take.start) / 1000)
  if (Number.isNaN(seconds)) return { phase: p, seconds, changesAt: Infinity }
  return { phase: p, seconds, changesAt: Math.min(take.stop, take.start + (seconds + 1) * 1000) }
}

/**
 * The take that the session is in, as its object tells: whatever this console has missed,
 * it knows by this what goes on.
 *
 * @param {Partial<Pick<Snapshot, 'take'>> | null} session
 * @returns {Take | null}
 */
export function takeIn(session) {
  const take = session?.take
  if (!take) return null
  const { takeId, postureLabel, timestamp, duration, stopTimestamp, stopCommandId, devices } = take
  return {
    commandId: takeId, label: postureLabel ?? '', start: timestamp, devices: devices ?? null,
    stop: stopTimestamp ?? (duration ? timestamp + duration : Infinity), stopId: stopCommandId ?? '',
  }
}

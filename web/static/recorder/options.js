import { DownbeatError } from '../lib/signaling.js'
import { FallbackRecording } from './fallbackrecording.js'

/**
 * @typedef {object} RecorderOptions
 * @property {boolean | MediaTrackConstraints} [video]  true by default
 * @property {boolean | MediaTrackConstraints} [audio]  true by default; without what browsers do to voices
 * @property {MediaStream} [stream]     records that instead of a camera; its tracks stay the caller's
 * @property {boolean} [upload]         false: recordings stay in this browser
 * @property {string} [authorization]   key or token to upload with; the session's by default
 * @property {'webcodecs' | 'mediarecorder'} [method]  the best that there is by default
 */

/**
 * How frames are taken.
 *
 * @param {RecorderOptions} options
 */
export function methodOf({ method }) {
  const exact = 'MediaStreamTrackProcessor' in globalThis && 'VideoEncoder' in globalThis
  return method ?? (exact ? 'webcodecs' : 'mediarecorder')
}

/**
 * Throws where there is no way to record at all.
 *
 * @param {RecorderOptions} options
 */
export function mustRecord(options) {
  if (methodOf(options) === 'webcodecs' || FallbackRecording.possible) return
  throw new DownbeatError('unsupported', 'This browser can’t record. Try a current Chrome, Safari or Firefox.')
}

/** @import { Choice } from './codecs.js' */
/** @import { Cut } from './cut.js' */
/** @import { Soundtrack } from './soundtrack.js' */
/** @import { FrameCounter } from './framecounter.js' */

/** From here on a number is worth a warning: ms, and parts of all frames. */
const LATE = 250
const SHORT = 500
const SILENCE = 1000
const DROPPED = 0.02

/**
 * What a recording came to, as the protocol's `recording_report` has it.
 *
 * @typedef {object} Report
 * @property {number} frames
 * @property {number} droppedFrames
 * @property {number} [frameRate]
 * @property {number} lateMs      from the take's instant to the first frame
 * @property {number} durationMs
 * @property {'none' | 'silent' | 'ok'} sound
 * @property {number} [silentMs]  of the sound, that which is silence
 * @property {number} [filledMs]  and of that, what the microphone didn't give
 * @property {number} [audioPpm]  how much faster than session time the sound card ran
 * @property {number} [peakDb]
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} codec
 * @property {string} container
 * @property {{code: string, value?: number}[]} warnings
 */

/**
 * @param {Choice} choice
 * @param {Cut} cut
 * @param {FrameCounter} counter
 * @param {Soundtrack | null} track
 * @param {number} ppm
 * @returns {Report}
 */
export function reportOf({ video, container, videoCodec, audioCodec }, cut, counter, track, ppm) {
  const { frames, dropped, interval } = counter
  const numbers = {
    frames,
    droppedFrames: dropped,
    lateMs: round(cut.first - cut.from),
    durationMs: round(cut.last + (video ? interval : 0) - cut.first),
    ...soundOf(track, ppm),
    ...(video ? { frameRate: round(1000 / interval), width: video.width, height: video.height } : {}),
    codec: [videoCodec, audioCodec].filter(Boolean).join('+'),
    container,
  }
  return { ...numbers, warnings: warningsOf(numbers, video ? counter.stood(cut.last) : 0, cut) }
}

/**
 * @param {Soundtrack | null} track
 * @param {number} ppm
 * @returns {Pick<Report, 'sound' | 'silentMs' | 'filledMs' | 'peakDb' | 'audioPpm'>}
 */
function soundOf(track, ppm) {
  if (!track) return { sound: 'none' }
  const { sound, silentMs, filledMs, peakDb } = track.report
  return {
    sound: sound === 'ok' ? 'ok' : 'silent', silentMs: round(silentMs), filledMs: round(filledMs), peakDb: round(peakDb),
    ...(Number.isNaN(ppm) ? {} : { audioPpm: round(ppm) }),
  }
}

/**
 * @param {Omit<Report, 'warnings'>} numbers
 * @param {number} stillMs
 * @param {Cut} cut
 */
function warningsOf({ frames, droppedFrames, lateMs, durationMs, sound, filledMs = 0 }, stillMs, cut) {
  const lacking = cut.to - cut.first - durationMs
  /** @type {{code: string, value?: number}[]} */
  const warnings = []
  if (sound === 'silent') warnings.push({ code: 'no_sound' })
  else if (filledMs > SILENCE) warnings.push({ code: 'silence', value: round(filledMs / 1000) })
  if (lateMs > LATE) warnings.push({ code: 'late_start', value: lateMs })
  if (lacking > SHORT && lacking < Infinity) warnings.push({ code: 'short_take', value: round(lacking / 1000) })
  if (droppedFrames > DROPPED * frames) warnings.push({ code: 'dropped_frames', value: droppedFrames })
  if (stillMs) warnings.push({ code: 'camera_frozen', value: round(stillMs / 1000) })
  return warnings
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10
}

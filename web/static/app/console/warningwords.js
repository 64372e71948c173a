import { bytes, count, span } from '../ui/format.js'
import { percent } from './readinesswords.js'

/**
 * @typedef {object} Warned
 * @property {string} code      of the protocol
 * @property {number} [value]
 */

/**
 * What a warning means and what to do about it. `stops`: a take would miss what it is for.
 *
 * @typedef {object} Told
 * @property {string} text
 * @property {boolean} stops
 */

/** Each with its number (null where none came). */
/** @type {Record<string, [stops: boolean, words: (v: number | null) => string]>} */
const WORDS = {
  no_sound: [true, () => 'No sound comes from the microphone: look whether it is plugged in and allowed, or take the picture alone.'],
  silence: [true, v => `The microphone has heard nothing${v === null ? '' : ` for ${seconds(v)}`}: look whether it is muted or covered.`],
  late_start: [false, v => `The take began ${v === null ? '' : `${span(v)} `}late: the device was busy. Close what else runs there, and use a longer countdown.`],
  short_take: [false, v => `${v === null ? 'Some' : seconds(v)} of the take ${v === null ? 'is' : 'are'} missing: record it again if that matters.`],
  dropped_frames: [false, v => `${v === null ? 'Frames were' : `${count(v, 'frame')} ${v === 1 ? 'was' : 'were'}`} lost: the device is too slow for these settings. Choose a smaller picture or fewer frames a second.`],
  low_frame_rate: [false, v => `Only ${v === null ? 'few' : round(v)} frames a second come from the camera: more light, a smaller picture or another app closed may help.`],
  camera_frozen: [true, v => `The picture has stood still${v === null ? '' : ` for ${seconds(v)}`}: wake the device, or reload its page.`],
  camera_covered: [true, v => `The camera has seen nothing but black${v === null ? '' : ` for ${seconds(v)}`}: uncover it.`],
  storage_low: [false, v => `Only ${v === null ? 'little' : bytes(v)} storage is left there: make room before a long take.`],
  battery_low: [false, v => `The battery is ${v === null ? 'low' : `at ${percent(v)}`}: plug the device in.`],
  hot: [false, () => 'Its processor has been at its limit for a while: frames may be lost. Close what else runs there, take a smaller picture, or let it cool.'],
  upload_stuck: [false, v => `Nothing has been sent${v === null ? '' : ` for ${seconds(v)}`}: look at its network. What it has recorded stays on the device.`],
  film_failed: [false, () => 'It can’t play the film: look at its page for the reason.'],
  film_buffering: [false, v => `It has been waiting for the film${v === null ? '' : ` for ${seconds(v)}`}: its network is too slow for it.`],
  setting_refused: [false, () => 'Its camera doesn’t do everything that was chosen: see its camera settings.'],
  program_away: [true, () => 'The program that it has act isn’t there, or doesn’t answer: start it again. The device goes on trying.'],
  program_failed: [true, () => 'The program that it has act has failed: its note says why.'],
  clock_coarse: [false, v => `Its clock is only known to ${v === null ? 'a coarse step' : span(v)}: first frames are as uncertain. Chrome over https is finer.`],
}

/**
 * A warning in a sentence that says what to do; null for a code that isn't known here, since
 * there will be more of them.
 *
 * @param {Warned} warning
 * @returns {Told | null}
 */
export function warningWords({ code, value }) {
  const known = Object.hasOwn(WORDS, code) ? WORDS[code] : null
  if (!known) return null
  const [stops, words] = known
  return { text: words(typeof value === 'number' && Number.isFinite(value) ? value : null), stops }
}

/**
 * All warnings of a device or of a recording, in sentences; what stops a take comes first.
 *
 * @param {unknown} warnings  as the protocol has them
 * @returns {Told[]}
 */
export function warningsIn(warnings) {
  const all = Array.isArray(warnings) ? warnings.map(w => warningWords(w ?? {})) : []
  return /** @type {Told[]} */ (all.filter(Boolean)).sort((a, b) => Number(b.stops) - Number(a.stops))
}

/** @param {number} s */
function seconds(s) {
  return s < 10 ? `${round(s)} s` : s < 120 ? `${Math.round(s)} s` : `${Math.round(s / 60)} min`
}

/** @param {number} n */
function round(n) {
  return String(Number(n.toFixed(1)))
}

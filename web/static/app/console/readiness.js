import { bytes, count, span } from '../ui/format.js'
import { cameraWords, microphoneWords, percent, share } from './readinesswords.js'
import { warningsIn } from './warningwords.js'

/** @import { Device } from './roster.js' */
/** @import { DeviceStatus, MediaStatus } from '../../lib/wire.js' */

/** Below this much of a full battery, without a charger, a take may not last. */
const LEAST_BATTERY = 0.1
/** A minute of video has some 60 to 150 MB. */
const LEAST_FREE = 500e6
/** Players hold the timeline to some 20 ms: a film doesn't need a better clock than this, ms. */
const FILM_LIMIT = 20

/**
 * What is about to be done: a take is filmed, all act at one instant, or all watch a film.
 *
 * @typedef {'film' | 'act' | 'watch'} Purpose
 */

/**
 * What a device must fulfil.
 *
 * @typedef {object} Wanted
 * @property {number} limitMs    largest bound of its clock
 * @property {Purpose} purpose
 * @property {boolean} [sound]   a take has sound; absent: it has
 */

/**
 * Whether a device may be relied on, and in words why not.
 *
 * @typedef {object} Verdict
 * @property {boolean} go
 * @property {string[]} reasons
 */

/**
 * What a device doesn't tell (its battery, say) isn't held against it, and neither is what
 * isn't needed for what is about to be done.
 *
 * @param {Device} device
 * @param {Wanted} wanted
 * @returns {Verdict}
 */
export function verdict(device, { limitMs, purpose, sound = true }) {
  const { status, sync } = device
  const limit = purpose === 'watch' ? Math.max(limitMs, FILM_LIMIT) : limitMs
  const more = { film: () => takeReasons(status, sound), act: () => [], watch: () => [mediaReason(status?.media)] }[purpose]
  const reasons = device.isConnected ? [clockReason(sync, limit), pageReason(sync), ...more()] : ['not connected']
  const told = reasons.filter(reason => reason !== '')
  return { go: told.length === 0, reasons: told }
}

/**
 * @param {Device['sync']} sync
 * @param {number} limitMs
 */
function clockReason(sync, limitMs) {
  switch (sync?.state) {
    case 'tracking':
      if ((sync.boundMs ?? Infinity) <= limitMs) return ''
      return (sync.sharedMs ?? 0) > (sync.boundMs ?? Infinity) / 2 ? `its server’s time only known to ± ${span(sync.sharedMs ?? 0)}` : `clock only known to ± ${span(sync.boundMs ?? Infinity)}`
    case 'settling': return 'clock is settling'
    case 'none': return '' // it does what it hears: no waiting makes that better
    case 'holdover': return 'clock runs on alone: no answers lately'
    default: return 'clock not measured yet'
  }
}

/** A difference between servers that nobody needs to hear of, ms. */
const LEAST_APART = 0.2

/**
 * By how much the session times of the devices' servers may differ, ms, where that is more than
 * the devices' own clocks are uncertain; 0 where it isn't.
 *
 * @param {Device[]} devices
 */
export function serversApart(devices) {
  const known = devices.flatMap(d => (d.isConnected && d.sync?.state === 'tracking' ? [d.sync] : []))
  const shared = Math.max(0, ...known.map(sync => sync.sharedMs ?? 0))
  const own = Math.max(0, ...known.map(sync => (sync.boundMs ?? 0) - (sync.sharedMs ?? 0)))
  return shared > Math.max(own, LEAST_APART) ? shared : 0
}

/** @param {Device['sync']} sync */
function pageReason(sync) {
  return sync?.hidden ? 'page not in front' : ''
}

/** States of camera and microphone in which they can record, or do. */
const CAMERA_GO = new Set(['ready', 'recording', 'none'])
const MICROPHONE_GO = new Set(['ready', 'recording'])

/**
 * What keeps a device from a take.
 *
 * @param {Partial<DeviceStatus> | null | undefined} status  as the device tells it; null while it doesn't
 * @param {boolean} sound
 */
function takeReasons(status, sound) {
  if (!status) return []
  const { camera, microphone, freeBytes, charging } = status
  const battery = share(status.battery)
  return [
    camera && !CAMERA_GO.has(camera) ? `camera ${cameraWords(camera)}` : '',
    sound && microphone && !MICROPHONE_GO.has(microphone) ? microphoneReason(microphone) : '',
    battery != null && battery <= LEAST_BATTERY && !charging ? `battery ${percent(battery)}, not charging` : '',
    freeBytes != null && freeBytes < LEAST_FREE ? `only ${bytes(freeBytes)} free` : '',
    ...warned(status, sound).map(({ code }) => STOPS[code] ?? ''),
  ]
}

/** Warnings that keep a device from a take, whatever else it says. */
/** @type {Record<string, string>} */
const STOPS = { no_sound: 'no sound', silence: 'microphone hears nothing', camera_frozen: 'picture stands still', camera_covered: 'picture is black' }

/**
 * A device's warnings, without those that its status says anyway or that don't matter.
 *
 * @param {Partial<DeviceStatus>} status
 * @param {boolean} sound  a take has sound
 * @returns {{code: string, value?: number}[]}
 */
function warned({ warnings, camera, microphone, battery, charging, freeBytes }, sound) {
  const deaf = !sound || !! (microphone && !MICROPHONE_GO.has(microphone))
  /** @type {Record<string, boolean>} */
  const said = {
    no_sound: deaf, silence: deaf, camera_frozen: camera === 'frozen', camera_covered: camera === 'covered',
    battery_low: (battery ?? 1) <= LEAST_BATTERY && !charging, storage_low: (freeBytes ?? Infinity) < LEAST_FREE,
  }
  return Array.isArray(warnings) ? warnings.filter(w => !said[w?.code]) : []
}

/** @param {string} microphone */
function microphoneReason(microphone) {
  return microphone === 'none' ? 'no microphone' : `microphone ${microphoneWords(microphone)}`
}

/** @param {MediaStatus | undefined} media  what the device plays */
function mediaReason(media) {
  switch (media?.state) {
    case 'failed': return 'can’t play the film'
    case 'blocked': return 'needs a tap on its page'
    default: return ''
  }
}

/**
 * The warnings of a device in sentences, without those that its verdict says in short.
 *
 * @param {Device} device
 * @param {boolean} sound  a take has sound
 */
export function warningsOf({ isConnected, status }, sound) {
  return isConnected && status ? warningsIn(warned(status, sound)) : []
}

/** What the light says, by what is about to be done: go, no-go, and that there is nobody to ask. */
const LIGHT = {
  film: ['Go for a take', 'No-go for a take', 'No camera yet'],
  act: ['Go for a flash', 'No-go for a flash', 'No device yet'],
  watch: ['Go for playback', 'No-go for playback', 'Nobody watches yet'],
}
/** What to do where there is nobody. */
const NOBODY = {
  film: 'Add a phone or a laptop by the code or the link, and choose its camera there.',
  act: 'Add one by its camera or the link.',
  watch: 'Send the watchers’ link around.',
}

/**
 * @typedef {object} Together
 * @property {'go' | 'stop' | 'none'} state
 * @property {string} light
 * @property {string} words
 * @property {string[]} reasons
 */

/**
 * The verdict on all together. Who is set aside isn't waited for.
 *
 * @param {{name: string, verdict: Verdict, warnings?: number}[]} devices  that are meant
 * @param {Purpose} purpose
 * @param {number} others  devices that are there, and aren't meant
 * @returns {Together}
 */
export function together(devices, purpose, others = 0) {
  const [go, stop, none] = LIGHT[purpose]
  const there = devices.length
  const beside = purpose === 'film' && others ? ` ${count(others, 'other device')} ${others === 1 ? 'doesn’t' : 'don’t'} film.` : ''
  if (!there) return { state: 'none', light: none, words: NOBODY[purpose] + beside, reasons: [] }
  const bad = devices.filter(d => !d.verdict.go)
  const reasons = bad.map(d => `${d.name}: ${d.verdict.reasons.join('; ')}`)
  const noun = { film: 'camera', act: 'device', watch: 'watcher' }[purpose]
  if (bad.length) return { state: 'stop', light: stop, words: `${there - bad.length} of ${count(there, noun)} ready.${beside}`, reasons }
  const warned = devices.filter(d => d.warnings).length
  const but = warned ? ` ${warned === there ? (there === 1 ? 'It has' : 'All have') : `${warned} ${warned === 1 ? 'has' : 'have'}`} a warning: see below.` : ''
  return { state: 'go', light: go, words: (there === 1 ? `The ${noun} is ready.` : `All ${there} ${noun}s are ready.`) + but + beside, reasons }
}

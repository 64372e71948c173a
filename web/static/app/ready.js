import { bytes, span } from './format.js'

/** @import { Device } from './roster.js' */

/** Below this much of a full battery, without a charger, a take may not last. */
const LEAST_BATTERY = 0.1
/** A minute of video has some 60 to 150 MB. */
const LEAST_FREE = 500e6

/**
 * What a device must fulfil.
 *
 * @typedef {object} Wanted
 * @property {number} limitMs    largest bound of its clock
 * @property {boolean} recording  it is to record, not only to act
 */

/**
 * Whether a device may be relied on, and in words why not.
 *
 * @typedef {object} Verdict
 * @property {boolean} go
 * @property {string[]} reasons
 */

/**
 * What a device doesn't tell (its battery, say) isn't held against it.
 *
 * @param {Device} device
 * @param {Wanted} wanted
 * @returns {Verdict}
 */
export function verdict(device, wanted) {
  const reasons = device.isConnected
    ? [clockReason(device.sync, wanted.limitMs), pageReason(device.sync), ...statusReasons(device.status, wanted.recording)]
    : ['not connected']
  const told = reasons.filter(reason => reason !== '')
  return { go: told.length === 0, reasons: told }
}

/**
 * @param {any} sync
 * @param {number} limitMs
 */
function clockReason(sync, limitMs) {
  switch (sync?.state) {
    case 'tracking':
      return sync.boundMs <= limitMs ? '' : `clock only known to ± ${span(sync.boundMs)}`
    case 'settling': return 'clock is settling'
    case 'holdover': return 'clock runs on alone: no answers lately'
    default: return 'clock not measured yet'
  }
}

/** @param {any} sync */
function pageReason(sync) {
  return sync?.hidden ? 'page in the background' : ''
}

/**
 * @param {any} status     as the device tells it; null while it doesn't
 * @param {boolean} recording
 */
function statusReasons(status, recording) {
  if (!status) return []
  const { camera, freeBytes } = status
  const battery = share(status.battery)
  return [
    recording && camera && !CAMERA_GO.has(camera) ? `camera ${cameraWords(camera)}` : '',
    battery != null && battery <= LEAST_BATTERY && !status.charging ? `battery ${percent(battery)}, not charging` : '',
    recording && freeBytes != null && freeBytes < LEAST_FREE ? `only ${bytes(freeBytes)} free` : '',
  ]
}

/** States of the camera in which it can record, or does. */
const CAMERA_GO = new Set(['ready', 'recording'])

/** @param {string} camera */
export function cameraWords(camera) {
  /** @type {Record<string, string>} */
  const words = { refused: 'not allowed', lost: 'lost', frozen: 'frozen' }
  return words[camera] ?? camera
}

/**
 * A battery's charge between 0 and 1; null when it isn't told.
 *
 * @param {unknown} battery
 */
export function share(battery) {
  return typeof battery === 'number' && battery >= 0 && battery <= 1 ? battery : null
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(share * 100)} %`
}

/**
 * The verdict on all together. Who is set aside isn't waited for.
 *
 * @param {{name: string, verdict: Verdict}[]} devices
 * @returns {{go: boolean, words: string, reasons: string[]}}
 */
export function together(devices) {
  const there = devices.length
  if (!there) return { go: false, words: 'No device yet: add one by its camera or the link.', reasons: [] }
  const bad = devices.filter(d => !d.verdict.go)
  const reasons = bad.map(d => `${d.name}: ${d.verdict.reasons.join('; ')}`)
  if (!bad.length) return { go: true, words: there === 1 ? 'The device is ready.' : `All ${there} devices are ready.`, reasons }
  return { go: false, words: `${there - bad.length} of ${there} ready.`, reasons }
}

import { DownbeatError } from '../lib/signaling.js'
import { constraintsFor } from './settings.js'

/** @import { CameraSettings } from './settings.js' */

/**
 * Without these a browser works on the sound, and delays it.
 *
 * @type {MediaTrackConstraints}
 */
const PURE = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
/** @type {MediaTrackConstraints} */
const USUAL = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } }

/**
 * @typedef {object} Wishes
 * @property {boolean | MediaTrackConstraints} video
 * @property {boolean | MediaTrackConstraints} audio
 */

/**
 * @typedef {object} Choices
 * @property {string} [videoDeviceId]
 * @property {string} [audioDeviceId]
 */

/**
 * What opened: `microphone` is why there is no sound, if there is none.
 *
 * @typedef {object} Opened
 * @property {MediaStream} stream
 * @property {'ready' | 'off' | 'none' | 'refused' | 'lost'} microphone
 */

/**
 * Asks for camera and microphone; a device without a microphone has its camera all the same. Rejects with a DownbeatError: `insecure`,
 * `unsupported`, `no_camera`, `camera_refused`, `camera_busy`.
 *
 * @param {Wishes} wishes
 * @param {Choices} choices
 * @param {CameraSettings} [settings]
 * @returns {Promise<Opened>}
 */
export async function openCamera(wishes, choices, settings = {}) {
  if (!isSecureContext) throw new DownbeatError('insecure', 'Browsers give cameras to pages with https only. Open this page by its https address.')
  if (!navigator.mediaDevices?.getUserMedia) throw new DownbeatError('unsupported', 'This browser can’t use a camera. Try a current Chrome, Safari or Firefox.')
  const { advanced, ...wanted } = constraintsFor(settings) // no camera opens with its lamp on
  const video = constraintsOf(wishes.video, USUAL, choices.videoDeviceId, wanted)
  const audio = settings.sound !== false && constraintsOf(wishes.audio, PURE, choices.audioDeviceId)
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ video, audio }), microphone: audio ? 'ready' : 'off' }
  } catch (error) {
    const { name } = /** @type {DOMException} */ (error)
    const stream = video && audio ? await navigator.mediaDevices.getUserMedia({ video }).catch(() => null) : null
    if (!stream) throw inWords(/** @type {DOMException} */ (error), !!video)
    return { stream, microphone: REASONS[name] ?? 'lost' }
  }
}

/** @type {Record<string, Opened['microphone']>} */
const REASONS = { NotFoundError: 'none', OverconstrainedError: 'none', NotAllowedError: 'refused', SecurityError: 'refused' }

/**
 * @param {boolean | MediaTrackConstraints} wish
 * @param {MediaTrackConstraints} usual
 * @param {string} [deviceId]
 * @param {MediaTrackConstraints} [wanted]
 */
function constraintsOf(wish, usual, deviceId, wanted = {}) {
  if (!wish) return false
  const own = wish === true ? {} : wish
  return { ...usual, ...own, ...wanted, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) }
}

/**
 * Lets a camera that is open follow other settings; rejects where it can't.
 *
 * @param {MediaStreamTrack} track
 * @param {Wishes['video']} wish
 * @param {CameraSettings} settings
 */
export async function adjust(track, wish, settings) {
  await track.applyConstraints({ ...USUAL, ...(wish === true ? {} : wish || {}), ...constraintsFor(settings) })
}

/**
 * The microphone alone, when it has come back; null where there is none.
 *
 * @param {Wishes['audio']} wish
 * @returns {Promise<MediaStreamTrack | null>}
 */
export async function openMicrophone(wish) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraintsOf(wish, PURE) }).catch(() => null)
  return stream?.getAudioTracks()[0] ?? null
}

/**
 * @param {DOMException} error
 * @param {boolean} video
 */
function inWords(error, video) {
  const what = video ? 'camera' : 'microphone'
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new DownbeatError('camera_refused', `This page may not use the ${what}. Allow it in the browser’s site settings (the icon before the address), then try again.`)
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new DownbeatError('no_camera', `There is no ${what} like that on this device. Connect one, or choose another.`)
    case 'NotReadableError':
    case 'AbortError':
      return new DownbeatError('camera_busy', `Another program is using the ${what}. Close it there, then try again.`, true)
    default:
      return new DownbeatError('unsupported', `The ${what} can’t be used: ${error.message}`)
  }
}

/**
 * Cameras and microphones to choose from; without labels until one was opened.
 *
 * @returns {Promise<{cameras: {deviceId: string, label: string}[], microphones: {deviceId: string, label: string}[]}>}
 */
export async function listDevices() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? []
  const of = (/** @type {string} */ kind) =>
    all.filter(d => d.kind === kind && d.deviceId).map(({ deviceId, label }) => ({ deviceId, label }))
  return { cameras: of('videoinput'), microphones: of('audioinput') }
}

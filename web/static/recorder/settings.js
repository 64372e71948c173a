/**
 * How the leader wants this device's camera; what is undefined is the device's own choice.
 *
 * @typedef {object} CameraSettings
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [frameRate]
 * @property {number} [bitRate]      bits/s of the picture
 * @property {string} [cameraId]     one of those that this device told
 * @property {boolean} [torch]
 * @property {'any' | 'landscape' | 'portrait'} [orientation]
 * @property {'auto' | 'mp4' | 'webm'} [container]
 * @property {boolean} [sound]
 */

/**
 * What is in force, for the session to see.
 *
 * @typedef {CameraSettings & {cameras: {id: string, label: string}[], refused: string[]}} ToldSettings
 */

/** A size or a rate that differs by less is the one that was asked for. */
const CLOSE = 0.02

/**
 * The settings for all devices with this device's own before them.
 *
 * @param {(CameraSettings | null | undefined)[]} layers  the later ones count more
 * @returns {CameraSettings}
 */
export function merged(...layers) {
  /** @type {Record<string, unknown>} */
  const all = {}
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) if (value !== undefined && value !== null) all[name] = value
  }
  return all
}

/**
 * What getUserMedia and applyConstraints are asked for. Wishes, not demands: a camera that can't
 * gives what comes next, and is told so.
 *
 * @param {CameraSettings} settings
 * @returns {MediaTrackConstraints}
 */
export function constraintsFor({ width, height, frameRate, torch }) {
  return {
    ...(width ? { width: { ideal: width } } : {}), ...(height ? { height: { ideal: height } } : {}),
    ...(frameRate ? { frameRate: { ideal: frameRate } } : {}),
    ...(torch === undefined ? {} : { advanced: [/** @type {MediaTrackConstraintSet} */ ({ torch })] }),
  }
}

/**
 * The settings that a track doesn't follow.
 *
 * @param {CameraSettings} wanted
 * @param {MediaTrackSettings & {torch?: boolean}} actual
 * @param {{bitRate?: number, container?: string, sound?: boolean, orientation?: string}} more  in force besides it
 * @returns {string[]}
 */
export function refusedOf(wanted, actual, more) {
  const { width, height } = turned(wanted, actual)
  /** @type {string[]} */
  const refused = []
  const look = (/** @type {string} */ name, /** @type {boolean} */ followed) => {
    if (!followed) refused.push(name)
  }
  if (wanted.width) look('width', near(width, wanted.width))
  if (wanted.height) look('height', near(height, wanted.height))
  if (wanted.frameRate) look('frameRate', near(actual.frameRate, wanted.frameRate))
  if (wanted.cameraId) look('cameraId', actual.deviceId === wanted.cameraId)
  if (wanted.torch) look('torch', actual.torch === true)
  if (wanted.sound) look('sound', more.sound !== false)
  if (wanted.orientation && wanted.orientation !== 'any') look('orientation', more.orientation === wanted.orientation)
  if (wanted.container && wanted.container !== 'auto' && more.container) look('container', more.container === wanted.container)
  if (wanted.bitRate && more.bitRate) look('bitRate', near(more.bitRate, wanted.bitRate))
  return refused
}

/**
 * A phone that is held upright gives upright pictures of the same size.
 *
 * @param {CameraSettings} wanted
 * @param {MediaTrackSettings} actual
 */
function turned({ width = 0, height = 0 }, { width: w, height: h }) {
  const across = height && width && w && h && (width > height) !== (w > h)
  return across ? { width: h, height: w } : { width: w, height: h }
}

/**
 * @param {number | undefined} actual
 * @param {number} wanted
 */
function near(actual, wanted) {
  return actual === undefined || Math.abs(actual - wanted) <= CLOSE * wanted + 0.5
}

/**
 * Turns the screen as wanted, where a page may; returns how it is now.
 *
 * @param {CameraSettings['orientation']} wanted
 * @returns {Promise<'landscape' | 'portrait' | undefined>}
 */
export async function turnScreen(wanted) {
  const screen = /** @type {(ScreenOrientation & {lock: (to: string) => Promise<void>}) | undefined} */ (globalThis.screen?.orientation)
  try {
    if (wanted === 'any') screen?.unlock()
    else if (wanted) await screen?.lock(wanted)
  } catch {
    // Most browsers allow it to pages that fill the screen only: whoever holds it can turn it.
  }
  const type = String(screen?.type ?? '')
  return type.startsWith('landscape') ? 'landscape' : type.startsWith('portrait') ? 'portrait' : undefined
}

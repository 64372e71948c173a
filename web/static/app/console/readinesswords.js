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

/** @param {string} camera */
export function cameraWords(camera) {
  /** @type {Record<string, string>} */
  const words = { refused: 'not allowed', none: 'none' }
  return words[camera] ?? camera
}

/** @param {string} microphone */
export function microphoneWords(microphone) {
  /** @type {Record<string, string>} */
  const words = { refused: 'not allowed', silent: 'hears nothing', ready: 'on' }
  return words[microphone] ?? microphone
}

/** @import { Device } from './roster.js' */

/**
 * A device with a type acts; one without is somebody's console or screen.
 *
 * @param {Device} device
 */
export function acts(device) {
  return !!device.deviceType
}

/**
 * Does it record takes? It may have said that it doesn't, or that it has neither camera
 * nor microphone.
 *
 * @param {Device} device
 */
export function records(device) {
  const { camera, microphone } = device.status ?? {}
  return acts(device) && device.records !== false && !(camera === 'none' && (microphone ?? 'none') === 'none')
}

/** The view types by which pages of devices without a type say what they are. */
export const CONSOLE = 'console'
const SCREEN = 'watch'

/**
 * May it be a screen on which somebody watches? What doesn't act and isn't a console may.
 *
 * @param {Device} device
 */
export function mayWatch(device) {
  return !acts(device) && device.viewType !== CONSOLE
}

/**
 * What it is, for people.
 *
 * @param {Device} device
 */
export function kindOf(device) {
  const { deviceType = '', viewType } = device
  if (acts(device)) return records(device) ? deviceType : `${deviceType}, doesn’t film`
  return viewType === CONSOLE ? 'console' : viewType === SCREEN ? 'watches' : 'watches or leads'
}

/**
 * Could whoever is there lead from it?
 *
 * @param {Device} device
 */
export function mayLead(device) {
  return device.isConnected && !acts(device) && device.viewType !== SCREEN
}

/**
 * @typedef {object} Check
 * @property {string} text
 * @property {boolean} fatal
 */

/**
 * What this browser lacks, in plain words, and what follows from it.
 *
 * @returns {Check[]}
 */
export function missing() {
  /** @type {Check[]} */
  const checks = []
  const lacks = (/** @type {boolean} */ there, /** @type {string} */ text, fatal = false) => {
    if (!there) checks.push({ text, fatal })
  }
  lacks('WebSocket' in globalThis, 'This browser has no WebSocket, so it can’t join at all. Use a current Chrome, Safari or Firefox.', true)
  lacks('RTCPeerConnection' in globalThis, 'WebRTC is missing or switched off: the clock is measured over the WebSocket, less exactly. Switch it on, or use another browser.')
  lacks('Worker' in globalThis, 'Background workers are missing: a busy page will disturb the clock. Use a newer browser.')
  lacks('AudioContext' in globalThis, 'Web Audio is missing: this device can’t beep.')
  if (!isSecureContext) {
    lacks(false, insecureWords())
  } else {
    lacks(crossOriginIsolated, 'The page isn’t isolated from others (a proxy may have dropped its headers): the browser gives it a coarse clock.')
  }
  return checks
}

/** Why a page that came unencrypted has less than others, and what to do. */
export function insecureWords() {
  return 'This page came unencrypted from another machine: the browser gives it no camera, a coarse clock, and lets the screen sleep. ' +
    'Open it by the server’s https address (downbeat serve --tls local).'
}

/** A clock with coarser steps than this is worth a word, ms. */
const COARSE = 0.25

/**
 * What the joined session says of this device.
 *
 * @param {{resolution: number, path: string}} session
 * @param {boolean} patient  has WebRTC had the time that it needs?
 * @returns {Check[]}
 */
export function measured({ resolution, path }, patient) {
  const checks = []
  if (resolution > COARSE) checks.push({ text: `This browser’s clock has steps of ${Number(resolution.toFixed(1))} ms, so that this device can’t be more exact. Chrome’s is finer, over https.`, fatal: false })
  if (!patient || !('RTCPeerConnection' in globalThis)) return checks
  if (path === 'websocket') checks.push(BLOCKED)
  if (path === 'tcp') checks.push({ text: 'This network lets no UDP through: the clock is measured over TCP, less exactly. Another Wi-Fi may be better.', fatal: false })
  return checks
}

/** Less than these are worth a word: of the battery, of the storage in bytes. */
const EMPTY = 0.2
const FULL = 1e9

/**
 * What runs out on this device.
 *
 * @returns {Promise<Check[]>}
 */
export async function runningOut() {
  const { getBattery } = /** @type {{getBattery?: () => Promise<{level: number, charging: boolean}>}} */ (navigator) // not in every browser
  const battery = await getBattery?.call(navigator).catch(() => null)
  const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate().catch(() => null)) ?? {}
  const checks = []
  if (battery && !battery.charging && battery.level < EMPTY) checks.push({ text: `The battery is at ${Math.round(battery.level * 100)} %: plug this device in.`, fatal: false })
  if (quota - usage < FULL) checks.push({ text: 'Little storage is left for recordings: make room before a long take.', fatal: false })
  return checks
}

/**
 * WebRTC is there, and yet no connection came about.
 *
 * @type {Check}
 */
export const BLOCKED = {
  text: 'WebRTC can’t reach the server, a firewall or the Wi-Fi’s guest mode may be in between: the clock is measured over the WebSocket, less exactly.',
  fatal: false,
}

/** A short name for this device, for people. */
export function deviceName() {
  const agent = navigator.userAgent
  const system = find(agent, [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'],
    ['Mac OS', 'Mac'], ['CrOS', 'Chromebook'], ['Linux', 'Linux']])
  const browser = find(agent, [['Edg/', 'Edge'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Safari', 'Safari']])
  return [browser, system].filter(Boolean).join(' on ') || 'Device'
}

/** @returns {'mobile' | 'desktop'} */
export function deviceType() {
  return /Mobi|Android|iPhone|iPad/.test(navigator.userAgent) ? 'mobile' : 'desktop'
}

/**
 * @param {string} agent
 * @param {[string, string][]} table
 */
function find(agent, table) {
  return table.find(([mark]) => agent.includes(mark))?.[1] ?? ''
}

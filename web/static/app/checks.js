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
  lacks('WebSocket' in globalThis, 'This browser has no WebSocket, so it can’t join at all.', true)
  lacks('RTCPeerConnection' in globalThis, 'WebRTC is missing or switched off: the clock is measured over the WebSocket, less exactly.')
  lacks('Worker' in globalThis, 'Background workers are missing: a busy page will disturb the clock.')
  lacks('AudioContext' in globalThis, 'Web Audio is missing: this device can’t beep.')
  if (!isSecureContext) {
    lacks(false, 'The page came unencrypted from another machine, so the browser gives it a coarse clock and lets the screen sleep. It works, less exactly; https is better.')
  } else {
    lacks(crossOriginIsolated, 'The page isn’t isolated from others (a proxy may have dropped its headers): the browser gives it a coarse clock.')
  }
  return checks
}

/**
 * WebRTC is there, and yet no connection came about.
 *
 * @type {Check}
 */
export const BLOCKED = {
  text: 'WebRTC can’t reach the server, a firewall may be in between: the clock is measured over the WebSocket, less exactly.',
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

import { join } from '../downbeat.js'
import { Beeper } from './beep.js'
import { BLOCKED, deviceName, deviceType, missing } from './checks.js'
import { credentials } from './keys.js'
import * as format from './format.js'
import { alertError, alertUser, byId, calm, el, setPill } from './ui.js'

/** @import { Act, Command, Session } from '../downbeat.js' */

const screen = byId('flash')
/** How long WebRTC may take before its absence is worth a word, ms. */
const PATIENCE = 8000
const params = new URLSearchParams(location.search)

start().catch(error => {
  setPill(byId('state'), 'not joined', 'bad')
  byId('words').textContent = 'This device is not in the session.'
  alertError(error)
})

async function start() {
  const sessionId = params.get('session')
  byId('here').hidden = !sessionId
  byId('enter').hidden = !!sessionId
  if (!sessionId) return setPill(byId('state'), 'no session')
  const view = params.get('view') ?? undefined
  const username = params.get('name') || deviceName()
  byId('name').textContent = [view, username].filter(Boolean).join(' · ')
  showChecks(missing())
  run(await join({ sessionId, username, deviceType: deviceType(), viewType: view, actions: '/app/actions.js', ...credentials() }))
}

/** @param {Session} s */
function run(s) {
  byId('live').hidden = false
  const beeper = new Beeper(s)
  s.onCommand('flash', flash, { prepare: command => beeper.prepare(command) })
  s.onCommand('pulse', 'pulse')
  s.on('clock', () => show(s))
  s.on('closed', ({ message }) => alertUser(message))
  for (const event of ['failed', 'error']) s.on(event, ({ message }) => alertUser(message))
  s.on('reconnecting', ({ reason }) => reason && (byId('words').title = reason))
  byId('sound').onclick = () => enableSound(beeper).catch(alertError)
  setInterval(() => show(s), 1000)
  setTimeout(() => checkPath(s), PATIENCE)
  keepAwake()
  show(s)
}

/**
 * Lights the whole screen, and says how well it was timed.
 *
 * @param {Command} _command
 * @param {Act} act
 */
function flash(_command, { lateness, late }) {
  if (calm()) screen.animate([{ opacity: 0.6 }, { opacity: 0.6 }], 400)
  else screen.animate([{ opacity: 1 }, { opacity: 1, offset: 0.25 }, { opacity: 0 }], 700)
  byId('last').textContent = late ? `came too late, by ${format.span(lateness)}` : `${format.signed(lateness)} by its own clock`
}

/** @param {import('./checks.js').Check[]} checks */
function showChecks(checks) {
  byId('checks').replaceChildren(...checks.map(({ text, fatal }) => el('li', { className: fatal ? 'bad' : '' }, text)))
}

/** @param {Session} s */
function checkPath(s) {
  const blocked = 'RTCPeerConnection' in globalThis && s.path === 'websocket'
  if (blocked) showChecks([...missing(), BLOCKED])
}

/** @param {Session} s */
function show(s) {
  const { state, bound } = s
  byId('bound').textContent = Number.isFinite(bound) ? `± ${format.span(bound)}` : '—'
  byId('path').textContent = format.path(s.path)
  byId('clock').textContent = `${format.span(s.resolution)} steps, in the ${s.clockThread === 'worker' ? 'background' : 'page'}`
  const [text, kind, words] = inWords(state, bound)
  setPill(byId('state'), text, kind)
  const line = byId('words')
  if (line.textContent !== words) line.textContent = words
}

/**
 * @param {Session['state']} state
 * @param {number} bound
 * @returns {[string, 'good' | 'warn' | 'bad', string]}
 */
function inWords(state, bound) {
  switch (state) {
    case 'connecting': return ['connecting', 'warn', 'Connecting to the server…']
    case 'syncing': return ['measuring', 'warn', 'Connected. Measuring this device’s clock…']
    case 'reconnecting': return ['reconnecting', 'bad', 'The connection is lost. Trying again; the clock goes on meanwhile.']
    case 'closed': return ['left', 'bad', 'This device left the session. Reload to come back.']
    default: return bound < 1
      ? ['ready', 'good', 'Ready: this device acts together with the others.']
      : ['coarse', 'warn', 'Connected, but the clock is still coarse.']
  }
}

/** @param {Beeper} beeper */
async function enableSound(beeper) {
  const button = /** @type {HTMLButtonElement} */ (byId('sound'))
  if (!(await beeper.enable())) return alertUser('The browser doesn’t let this page make sounds.')
  button.textContent = 'Sound is on'
  button.disabled = true
}

/** Keeps the screen and the radio awake while the page is seen, where that is allowed. */
function keepAwake() {
  const ask = () => {
    if (document.visibilityState === 'visible') navigator.wakeLock?.request('screen').catch(() => {})
  }
  document.addEventListener('visibilitychange', ask)
  ask()
}

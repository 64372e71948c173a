import { DownbeatError, join } from '../downbeat.js'
import { createSession, creatorOf, forgetCreator } from './creator.js'
import { History } from './history.js'
import { authorization, credentials } from './keys.js'
import { showLink } from './link.js'
import { Roster, card } from './roster.js'
import { showTime } from './time.js'
import { alertError, alertUser, byId, calm, el, setPill } from './ui.js'

/** @import { Session } from '../downbeat.js' */

const flash = /** @type {HTMLButtonElement} */ (byId('flash'))
/** How often a console that doesn't lead looks at the clocks, ms. */
const LOOK = 2000
const quiet = /** @type {HTMLButtonElement} */ (byId('quiet'))

start().catch(alertError)
showTime()

async function start() {
  const sessionId = new URLSearchParams(location.search).get('session')
  if (sessionId) return open(sessionId)
  byId('start').hidden = false
  byId('creator').focus()
  byId('create').addEventListener('submit', event => {
    event.preventDefault()
    const name = /** @type {HTMLInputElement} */ (byId('creator')).value.trim() || 'Conductor'
    create(name).catch(alertError)
  })
}

/** @param {string} name */
async function create(name) {
  const sessionId = await createSession(name)
  history.replaceState(null, '', `?session=${encodeURIComponent(sessionId)}`)
  await open(sessionId)
}

/** @param {string} sessionId */
async function open(sessionId) {
  byId('start').hidden = true
  byId('session').hidden = false
  document.title = `${sessionId.slice(0, 8)} · Downbeat`
  byId('session-id').textContent = sessionId.length > 16 ? sessionId.slice(0, 8) + '…' : sessionId
  byId('session-id').title = sessionId
  setPill(byId('state'), 'connecting', 'warn')
  showLink(sessionId).catch(alertError)
  try {
    run(await join({ sessionId, actions: '/app/actions.js', ...credentials(), ...creatorOf(sessionId) }))
  } catch (error) {
    if (error instanceof DownbeatError && gone(sessionId, error.code)) return
    setPill(byId('state'), 'not joined', 'bad')
    throw error
  }
}

/**
 * A server that lost its sessions refuses the creator's token: start over
 * under the same id. True when that is what happened.
 *
 * @param {string} sessionId
 * @param {string} code
 */
function gone(sessionId, code) {
  if (code !== 'bad_token') return false
  forgetCreator(sessionId)
  location.reload()
  return true
}

/** @param {Session} s */
function run(s) {
  if (s.joinKey) showLink(s.sessionId, s.joinKey).catch(alertError)
  const roster = new Roster(s.deviceId)
  const past = new History(roster)
  const draw = () => drawDevices(roster)
  const show = () => showState(s, roster)
  const takeSession = (/** @type {any} */ data) => {
    roster.take(data?.session ?? data)
    draw()
    show()
  }
  takeSession(s.session)
  s.on('session_joined', takeSession)
  s.on('session_state', takeSession)
  s.on('sync_status', status => {
    roster.takeSync(status)
    draw()
  })
  for (const event of ['user_joined', 'user_left', 'device_joined', 'device_disconnected', 'leadership_changed']) {
    s.on(event, () => s.send('request_session_state'))
  }
  s.on('clock', show)
  s.on('leadership_changed', show)
  s.on('closed', ({ code, message }) => gone(s.sessionId, code) || alertUser(message))
  for (const event of ['failed', 'error']) s.on(event, ({ message }) => alertUser(message))
  s.on('command', command => {
    past.scheduled(command)
    setTimeout(beat, s.toDevice(command.timestamp) - performance.now())
  })
  s.on('cancelled', ({ commandId, reason }) => past.cancelled(commandId, reason))
  s.on('command_report', report => past.report(report))
  flash.onclick = () => s.schedule('flash', { tone: 880 }).catch(alertError)
  quiet.onclick = () => s.schedule('pulse', {}).catch(alertError)
  byId('lead').onclick = () => s.requestLeadership().catch(alertError)
  setInterval(() => s.isLeader || look(s).then(status => {
    roster.takeSync(status)
    draw()
  }, () => {}), LOOK)
  flash.focus({ preventScroll: true })
}

/**
 * The clocks' state, for a console that doesn't lead and so isn't told.
 *
 * @param {Session} s
 */
async function look(s) {
  const response = await fetch(`/api/sessions/${encodeURIComponent(s.sessionId)}/sync`, { headers: authorization() })
  return response.ok ? response.json() : null
}

/**
 * @param {Session} s
 * @param {Roster} roster
 */
function showState(s, roster) {
  /** @type {Record<string, ['' | 'good' | 'warn' | 'bad', string, string]>} */
  const words = {
    connecting: ['warn', 'connecting', 'Connecting to the server.'],
    syncing: ['warn', 'measuring', 'Measuring this console’s own clock.'],
    synced: ['good', 'connected', ''],
    reconnecting: ['bad', 'reconnecting', 'The connection is lost; trying again by itself.'],
    closed: ['bad', 'closed', 'Not in the session any more. Reload to come back.'],
  }
  const [kind, text, note] = words[s.state]
  setPill(byId('state'), text, kind)
  const joined = s.state === 'synced' || s.state === 'syncing'
  flash.disabled = quiet.disabled = !(joined && s.isLeader)
  byId('lead').hidden = !joined || s.isLeader || !roster.leaderAway
  byId('act-note').textContent = note || (s.isLeader ? '' : 'Somebody else leads this session; only the leader can act.')
}

/** The button's own flash, for the eye only: a plain timer will do. */
function beat() {
  if (!calm()) flash.animate([{ filter: 'brightness(1.6)' }, { filter: 'none' }], 600)
}

/** @param {Roster} roster */
function drawDevices(roster) {
  const { devices } = roster
  const connected = devices.filter(d => d.isConnected).length
  byId('devices-sum').textContent = devices.length ? `${connected} of ${devices.length} connected` : ''
  byId('devices').replaceChildren(...(devices.length
    ? devices.map(d => card(roster, d))
    : [el('li', { className: 'empty' }, 'None yet. Scan the code, or open the link in another tab.')]))
}

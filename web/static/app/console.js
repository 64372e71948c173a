import { DownbeatError, join } from '../downbeat.js'
import { Cards } from './cards.js'
import { copyOnClick } from './copy.js'
import { creatorOf, forgetCreator } from './creator.js'
import { FlashPanel } from './flash.js'
import { shortId } from './format.js'
import { History } from './history.js'
import { authorization, credentials } from './keys.js'
import { LeaderLine, notJoined } from './leader.js'
import { Links } from './link.js'
import { Painter } from './painter.js'
import { Party } from './party.js'
import { Readiness } from './readiness.js'
import { RecordPanel } from './record.js'
import { Roster } from './roster.js'
import { at, base } from './server.js'
import { shortcuts } from './shortcuts.js'
import { startPage } from './start.js'
import { Takes } from './takes.js'
import { showTime } from './time.js'
import { alertError, alertUser, byId, setPill } from './ui.js'
import { over } from './watch-words.js'

/** @import { Session } from '../downbeat.js' */

/** How often a console that doesn't lead looks at the clocks, ms. */
const LOOK = 2000
/** Events after which the session's state is asked for, once for all of them, ms later. */
const MEMBERS = ['user_joined', 'user_left', 'device_joined', 'device_disconnected', 'leadership_changed', 'start_recording']
const MEMBERS_AFTER = 100
const COMMANDS = ['command', 'start_recording', 'stop_recording', 'playback_sync']

const painter = new Painter()
const wanted = new URLSearchParams(location.search).get('session')
if (wanted) open(wanted).catch(alertError)
else startPage(sessionId => {
  history.pushState(null, '', `?session=${encodeURIComponent(sessionId)}`)
  open(sessionId).catch(alertError)
})
addEventListener('popstate', () => location.reload())
showTime(painter)

/** @param {string} sessionId */
async function open(sessionId) {
  byId('session').hidden = false
  byId('jump').hidden = false
  document.title = `${shortId(sessionId)} · Downbeat`
  showId(sessionId)
  setPill(byId('state'), 'connecting', 'warn')
  const links = new Links(sessionId)
  try {
    run(await join({ url: base, sessionId, actions: at('app/actions.js'), ...credentials(), ...creatorOf(sessionId) }), links)
  } catch (error) {
    if (error instanceof DownbeatError && gone(sessionId, error.code)) return
    setPill(byId('state'), 'not joined', 'bad')
    const { code, message } = error instanceof DownbeatError ? error : { code: '', message: String(error) }
    byId('lead-line').textContent = 'This console is not in the session.'
    alertUser(notJoined(code, message))
  }
}

/**
 * The id in short; whoever needs all of it copies it.
 *
 * @param {string} sessionId
 */
function showId(sessionId) {
  const shown = byId('session-id')
  shown.textContent = shortId(sessionId)
  shown.title = sessionId
  copyOnClick('copy-id', () => sessionId, shown)
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

/**
 * @param {Session} s
 * @param {Links} links
 */
function run(s, links) {
  const roster = new Roster(s.deviceId)
  const readiness = new Readiness(roster, () => drawDevices())
  const cards = new Cards(roster, () => readiness.wanted(), () => s.now(), () => readiness.draw())
  const avoid = (/** @type {{commandId: string, timestamp: number}} */ c) => painter.avoid(c.commandId, s.toDevice(c.timestamp))
  const past = new History(s.sessionId, painter, {
    nameOf: id => roster.name(id), leads: () => s.isLeader, now: () => s.now(), pending: avoid,
  })
  const flash = new FlashPanel(s)
  const record = new RecordPanel(s, painter, () => readiness.verdict())
  const party = new Party(s, painter, roster)
  const leader = new LeaderLine(s, roster)
  const takes = new Takes(s.sessionId, roster, painter, () => s.isLeader)
  const drawDevices = () => {
    readiness.draw()
    cards.draw()
    party.drawWho()
  }
  const drawControls = () => {
    showState(s)
    leader.draw()
    past.draw()
    for (const panel of [flash, record, party]) panel.draw()
  }
  const soon = () => {
    painter.ask('devices', drawDevices)
    painter.ask('controls', drawControls)
  }
  follow(s, roster, session => record.seen(session), soon)
  for (const event of ['clock', 'leadership_changed']) s.on(event, () => painter.ask('controls', drawControls))
  s.on('timeline', () => party.tick())
  s.on('clock', () => record.timed())
  s.on('session_joined', ({ joinKey }) => {
    links.setKey(joinKey ?? '')
    takes.look()
    past.look()
  })
  for (const event of COMMANDS) s.on(event, data => {
    avoid(data)
    if (event === 'start_recording' && data.duration) painter.avoid(`${data.commandId} stop`, s.toDevice(data.timestamp + data.duration))
    past.scheduled(event, data)
  })
  for (const event of ['start_recording', 'stop_recording', 'cancelled']) s.on(event, data => {
    record.heard(event, data)
    if (data.timestamp) takes.lookIn(data.timestamp - s.now() + 500)
  })
  s.on('cancelled', ({ commandId, reason }) => {
    painter.forget(commandId)
    painter.forget(`${commandId} stop`)
    past.cancelled(commandId, reason)
  })
  s.on('session_completed', () => takes.look())
  s.on('playback_sync', ({ commandId }) => party.ordered(commandId))
  s.on('command_report', report => {
    past.report(report)
    party.report(report)
  })
  s.on('closed', ({ code, message }) => gone(s.sessionId, code) || alertUser(over(code, message)))
  for (const event of ['failed', 'error']) s.on(event, ({ message }) => alertUser(message))
  shortcuts({ r: () => record.press(), c: () => record.callOff(), f: () => flash.flash(), p: () => party.toggle() },
    /** @type {HTMLInputElement} */ (byId('shortcuts')))
  links.setKey(s.joinKey)
  takes.look()
  drawDevices()
  drawControls()
  party.tick()
}

/**
 * Keeps the roster: members as they come and go, their clocks each second.
 *
 * @param {Session} s
 * @param {Roster} roster
 * @param {(session: any) => void} seen  with each session object
 * @param {() => void} changed
 */
function follow(s, roster, seen, changed) {
  const takeSession = (/** @type {any} */ data) => {
    const session = data?.session ?? data
    roster.take(session)
    seen(session)
    changed()
  }
  const takeSync = (/** @type {any} */ status) => {
    roster.takeSync(status)
    changed()
  }
  takeSession(s.session)
  s.on('session_joined', takeSession)
  s.on('session_state', takeSession)
  s.on('sync_status', takeSync)
  let asking = 0
  for (const event of MEMBERS) s.on(event, () => {
    clearTimeout(asking)
    asking = setTimeout(() => s.send('request_session_state'), MEMBERS_AFTER)
  })
  setInterval(() => s.isLeader || look(s).then(takeSync, () => {}), LOOK)
}

/**
 * The clocks' state, for a console that doesn't lead and so isn't told.
 *
 * @param {Session} s
 */
async function look(s) {
  const response = await fetch(at(`api/sessions/${encodeURIComponent(s.sessionId)}/sync`), { headers: authorization() })
  return response.ok ? response.json() : null
}

/** @param {Session} s */
function showState(s) {
  /** @type {Record<string, ['' | 'good' | 'warn' | 'bad', string]>} */
  const words = {
    connecting: ['warn', 'connecting'],
    syncing: ['warn', 'measuring'],
    synced: ['good', 'connected'],
    reconnecting: ['bad', 'connection lost, trying again'],
    closed: ['bad', 'closed: reload to come back'],
  }
  const [kind, text] = words[s.state]
  setPill(byId('state'), text, kind)
}

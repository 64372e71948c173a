import { join } from '../../downbeat.js'
import { browser, tab } from '../../lib/webstorage.js'
import { Player } from '../../player.js'
import { creatorOf } from '../ui/creator.js'
import { entry } from '../ui/entry.js'
import * as format from '../ui/format.js'
import { authorization } from '../ui/keys.js'
import { at } from '../ui/server.js'
import { alertError, alertUser, byId, setPill } from '../ui/ui.js'
import { DriftView } from './drift.js'
import { watchKeys } from './keyboard.js'
import { Transport, titleOf } from './transport.js'
import { LoadForm } from './loadform.js'
import { trimSlider } from './owntrim.js'
import { People, WATCHES } from './people.js'
import { Stage } from './stage.js'
import { WakeLock } from '../../lib/wakelock.js'
import { inWords, over, refused } from '../ui/sessionwords.js'
import * as wire from '../../lib/wire.js'

/** @import { DownbeatError, Session } from '../../downbeat.js' */

const NAME = 'downbeat:name'
/** A server that hasn't answered after that deserves a word, ms. */
const PATIENCE = 5000
/** Kept for this tab: which sessions it was in. */
const HERE = 'downbeat:watched:'
/** A session that is gone is looked for after each of these, ms. */
const AGAIN = 3000
/** What tells who is here. */
const MEMBERS = [wire.SESSION_JOINED, wire.SESSION_STATE, wire.USER_JOINED, wire.USER_LEFT, wire.USER_CHANGED, wire.DEVICE_JOINED, wire.DEVICE_DISCONNECTED, wire.DEVICE_REMOVED, wire.LEADERSHIP_CHANGED]
const params = new URLSearchParams(location.search)

start()

function start() {
  const sessionId = params.get('session') ?? ''
  const name = params.get('name') ?? browser.get(NAME)
  if (sessionId && name !== null) return void enter(sessionId, name)
  byId('enter').hidden = false
  byId('ask-session').hidden = sessionId !== ''
  const field = /** @type {HTMLInputElement} */ (byId('session'))
  field.required = true
  field.value = sessionId
  setPill(byId('state'), 'not joined')
  byId('enter').onsubmit = event => {
    event.preventDefault()
    asked(field.value, /** @type {HTMLInputElement} */ (byId('name')).value.trim())
  }
}

/**
 * @param {string} sessionId
 * @param {string} name  may be empty: then nobody is asked again
 */
function asked(sessionId, name) {
  browser.set(NAME, name)
  byId('enter').hidden = true
  history.replaceState(null, '', `?session=${encodeURIComponent(sessionId)}${location.hash}`)
  enter(sessionId, name)
}

/**
 * @param {string} sessionId
 * @param {string} name
 */
async function enter(sessionId, name) {
  byId('here').hidden = false
  const slow = setTimeout(() => say('connecting', 'warn', 'The server can’t be reached. Is this device on the right network? Trying again…'), PATIENCE)
  try {
    const who = creatorOf(sessionId)
    const creator = who.token ? who : {} // under its name: whoever comes first brings the session back
    run(await join({ ...entry(sessionId), username: name || 'Guest', viewType: WATCHES, ...creator }))
    tab.set(HERE + sessionId, 'yes')
  } catch (error) {
    const { code, message } = /** @type {DownbeatError} */ (error)
    const wasHere = code === wire.CODE_SESSION_NOT_FOUND && tab.get(HERE + sessionId)
    say('not joined', 'bad', wasHere ? over(code, '') : refused(code, message ?? String(error)))
    if (wasHere) comeBack(sessionId)
  } finally {
    clearTimeout(slow)
  }
}

/**
 * Looks for a session that was here a moment ago: a server that forgot it may have it again.
 *
 * @param {string} sessionId
 */
function comeBack(sessionId) {
  const look = async () => {
    const response = await fetch(at(`api/sessions/${encodeURIComponent(sessionId)}`), { headers: authorization() }).catch(() => null)
    if (response?.ok) location.reload()
    else setTimeout(look, AGAIN)
  }
  setTimeout(look, AGAIN)
}

/** @param {Session} session */
function run(session) {
  const element = /** @type {HTMLVideoElement} */ (byId('media'))
  const player = new Player(session, element)
  const people = new People()
  people.receive(wire.SESSION_JOINED, { session: session.session })
  const lead = new Transport(session, element)
  const load = new LoadForm(session)
  const stage = new Stage(player, element)
  const drift = new DriftView()
  const awake = new WakeLock()
  let ended = ''

  const show = () => {
    const scene = sceneOf(session, player, people)
    const [text, kind, words] = inWords(scene)
    say(text, kind, ended || words)
    stage.words(kind === 'good' || kind === '' ? '' : words)
    showFacts(session, people)
    showEmpty(session, element)
    byId('tap').hidden = !scene.tap
    awake.needed = player.state === 'playing' || player.state === 'buffering'
    for (const part of [lead, load, stage]) part.show()
  }
  for (const event of MEMBERS) session.on(event, data => people.receive(event, data) && show())
  session.on('clock', show)
  session.on('closed', ({ code, message }) => {
    ended = over(code, message)
    player.close()
    show()
    if (code === wire.CODE_SESSION_NOT_FOUND) comeBack(session.sessionId)
  })
  for (const event of /** @type {const} */ (['failed', wire.ERROR])) session.on(event, ({ message }) => alertUser(message))
  player.addEventListener('state', show)
  player.addEventListener('drift', () => drift.show(player.drift))
  byId('tap-sound').onclick = () => player.unlock().catch(alertError)
  byId('tap-mute').onclick = () => player.unlock({ muted: true }).catch(alertError)
  byId('take').onclick = () => session.requestLeadership().catch(alertError)
  watchKeys(session, stage, lead)
  trimSlider(player)
  setInterval(show, 250)
  show()
}

/**
 * @param {Session} session
 * @param {Player} player
 * @param {People} people
 */
function sceneOf(session, player, people) {
  const { trouble } = player
  const { waitingFor } = session.timeline.info
  const failed = player.subtitles[player.subtitle]?.message
  return {
    session: session.state, player: player.state, trouble: trouble?.message ?? failed, drift: player.drift, position: session.timeline.position(session.now()),
    tap: trouble?.code === 'autoplay_refused' || trouble?.code === 'muted', leader: people.leader.name, leads: session.isLeader, silenced: player.silenced,
    waits: waitingFor.map(id => people.nameOf(id) || 'somebody').join(', '), own: waitingFor.includes(session.deviceId),
  }
}

/**
 * What stands where the picture would be, while there is none.
 *
 * @param {Session} session
 * @param {HTMLVideoElement} element
 */
function showEmpty(session, element) {
  const { timeline } = session
  const { mediaUrl } = timeline.at(session.now())
  const sound = mediaUrl !== '' && element.readyState > 0 && element.videoWidth === 0
  const empty = byId('empty')
  empty.hidden = mediaUrl !== '' && !sound
  fact('empty', sound ? `♪ ${timeline.info.title || titleOf(mediaUrl)}` : 'Nothing is loaded yet.')
}

/**
 * @param {string} text
 * @param {'' | 'good' | 'warn' | 'bad'} kind
 * @param {string} words
 */
function say(text, kind, words) {
  setPill(byId('state'), text, kind)
  if (byId('words').textContent !== words) byId('words').textContent = words
}

/**
 * @param {Session} session
 * @param {People} people
 */
function showFacts(session, people) {
  const { timeline } = session
  const { mediaUrl } = timeline.at(session.now())
  const { leader, watching } = people
  fact('leader', session.isLeader ? 'you' : leader.here ? leader.name : `${leader.name} (away)`)
  fact('members', watching <= 1 ? 'only this screen' : `${watching} screens`)
  fact('medium', mediaUrl ? timeline.info.title || titleOf(mediaUrl) || mediaUrl : '—')
  fact('bound', Number.isFinite(session.bound) ? `± ${format.span(session.bound)}` : '—')
  byId('take').hidden = session.isLeader || leader.here || session.state !== 'synced'
}

/**
 * @param {string} id
 * @param {string} text
 */
function fact(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text
}

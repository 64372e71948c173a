import { join } from '../downbeat.js'
import { browser } from '../lib/kept.js'
import { Player } from '../player.js'
import { creatorOf } from './creator.js'
import * as format from './format.js'
import { credentials } from './keys.js'
import { base } from './server.js'
import { alertError, alertUser, byId, setPill } from './ui.js'
import { DriftView } from './watch-drift.js'
import { Lead, titleOf } from './watch-lead.js'
import { ownControls } from './watch-own.js'
import { People } from './watch-people.js'
import { WakeLock } from './watch-wake.js'
import { inWords, over, refused } from './watch-words.js'

/** @import { DownbeatError, Session } from '../downbeat.js' */

const NAME = 'downbeat:name'
/** A server that hasn't answered after that deserves a word, ms. */
const PATIENCE = 5000
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
    const { userId, token } = creatorOf(sessionId)
    const creator = token ? { userId, token } : {}
    run(await join({ url: base, sessionId, username: name || 'Guest', ...credentials(), ...creator }))
  } catch (error) {
    const { code, message } = /** @type {DownbeatError} */ (error)
    say('not joined', 'bad', refused(code, message ?? String(error)))
  } finally {
    clearTimeout(slow)
  }
}

/** @param {Session} session */
function run(session) {
  const element = /** @type {HTMLVideoElement} */ (byId('media'))
  const player = new Player(session, element)
  const people = new People()
  people.receive('session_joined', { session: session.session })
  const lead = new Lead(session, element)
  const drift = new DriftView()
  const awake = new WakeLock()
  let ended = ''

  const show = () => {
    const { leader } = people
    const { trouble } = player
    const tap = trouble?.code === 'autoplay_refused' || trouble?.code === 'muted'
    const scene = { session: session.state, player: player.state, trouble: trouble?.message, tap, drift: player.drift, position: session.timeline.position(session.now()), leader: leader.name, leads: session.isLeader }
    const [text, kind, words] = inWords(scene)
    say(text, kind, ended || words)
    showFacts(session, people)
    byId('empty').hidden = session.timeline.at(session.now()).mediaUrl !== ''
    byId('tap').hidden = !tap
    awake.needed = player.state === 'playing' || player.state === 'buffering'
    lead.show()
  }
  for (const event of ['session_joined', 'session_state', 'user_joined', 'user_left', 'leadership_changed']) {
    session.on(event, data => people.receive(event, data) && show())
  }
  session.on('clock', show)
  session.on('closed', ({ code, message }) => {
    ended = over(code, message)
    player.close()
    show()
  })
  for (const event of ['failed', 'error']) session.on(event, ({ message }) => alertUser(message))
  player.addEventListener('state', show)
  player.addEventListener('drift', () => drift.show(player.drift))
  byId('tap-sound').onclick = () => player.unlock().catch(alertError)
  byId('tap-mute').onclick = () => player.unlock({ muted: true }).catch(alertError)
  byId('take').onclick = () => session.requestLeadership().catch(alertError)
  ownControls(player, element)
  setInterval(show, 250)
  show()
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
  const { leader, here } = people
  fact('leader', session.isLeader ? 'you' : leader.here ? leader.name : `${leader.name} (away)`)
  fact('members', here === 1 ? 'only you' : `${here} people`)
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

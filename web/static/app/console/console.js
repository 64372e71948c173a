import { DownbeatError } from '../../downbeat.js'
import { complain, settle } from '../ui/attempt.js'
import { notJoined } from './consolewords.js'
import { creatorOf, forgetCreator } from '../ui/creator.js'
import { run } from './sessionview.js'
import { MISSING, enterSession } from '../ui/entry.js'
import { sessionTitle } from '../ui/format.js'
import { limitInputs } from '../ui/limits.js'
import { CONSOLE } from './kinds.js'
import { Invitation } from './invitation.js'
import { Painter } from '../ui/painter.js'
import { at } from '../ui/server.js'
import { startPage } from './start.js'
import { showTime } from './timesource.js'
import { alertError, alertUser, byId, setPill } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

const painter = new Painter()
/** The session that this page is for; null: none yet. */
let current = sessionWanted()
limitInputs()
if (current) open(current).catch(alertError)
else startPage(sessionId => {
  history.pushState(null, '', `?session=${encodeURIComponent(sessionId)}`)
  open(sessionId).catch(alertError)
})
addEventListener('popstate', () => sessionWanted() === current || location.reload()) // else another view
showTime(painter)

function sessionWanted() {
  return new URLSearchParams(location.search).get('session')
}

/** @param {string} sessionId */
async function open(sessionId) {
  current = sessionId
  byId('session').hidden = false
  document.title = `${sessionTitle('', sessionId)} · Downbeat`
  byId('session-title').textContent = sessionTitle('', sessionId)
  setPill(byId('state'), 'connecting', 'warn')
  const links = new Invitation(sessionId)
  try {
    const options = { viewType: CONSOLE, actions: at('app/ui/actions.js'), ...creatorOf(sessionId) }
    const session = await enterSession(sessionId, options, () => complain('missing', MISSING))
    settle('missing')
    run(session, links, painter)
  } catch (error) {
    if (error instanceof DownbeatError && gone(sessionId, error.code)) return
    setPill(byId('state'), 'not joined', 'bad')
    const { code, message } = error instanceof DownbeatError ? error : { code: '', message: String(error) }
    byId('lead-line').textContent = 'This console is not in the session.'
    alertUser(notJoined(code, message))
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
  if (code !== wire.CODE_BAD_TOKEN) return false
  forgetCreator(sessionId)
  location.reload()
  return true
}

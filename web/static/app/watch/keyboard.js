import { SKIP } from './transport.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Transport } from './transport.js' */
/** @import { Stage } from './stage.js' */

/**
 * Keys that work on the page and in full screen: F, M and C for everybody, Space and the
 * arrows for who leads.
 *
 * @param {Session} session
 * @param {Stage} stage
 * @param {Transport} lead
 */
export function watchKeys(session, stage, lead) {
  addEventListener('keydown', event => {
    const act = actOf(event, session.isLeader)
    if (!act) return
    event.preventDefault()
    stage.wake()
    switch (act) {
      case 'fill': return void stage.fill()
      case 'mute': return stage.mute()
      case 'title': return stage.nextTitle()
      case 'toggle': return lead.toggle()
      case 'back': return lead.skip(-SKIP)
      case 'forth': return lead.skip(SKIP)
    }
  })
}

/**
 * What a key asks for; undefined where it is somebody else's.
 *
 * @param {{key: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean, target: any}} event
 * @param {boolean} leads
 */
export function actOf({ key, altKey, ctrlKey, metaKey, target }, leads) {
  if (altKey || ctrlKey || metaKey || target?.closest?.('input, select, textarea')) return
  if (key === ' ' && target?.closest?.('button, a')) return // it presses that
  switch (key.toLowerCase()) {
    case 'f': return 'fill'
    case 'm': return 'mute'
    case 'c': return 'title'
  }
  if (!leads) return
  return { ' ': 'toggle', ArrowLeft: 'back', ArrowRight: 'forth' }[key]
}

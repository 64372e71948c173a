import { span } from './format.js'

/** @import { Report } from '../../lib/wire.js' */

/** @type {Record<string, string>} */
const WHY = { arrived_late: 'it came too late', woke_late: 'the device was held up', no_clock: 'session time wasn’t known', overtaken: 'the next one was due already' }

/**
 * Why a command wasn't carried out, for people.
 *
 * @param {number} lateMs
 * @param {string} reason  of the protocol
 */
export function missedWords(lateMs, reason) {
  return `missed, ${span(lateMs)} late: ${WHY[reason] ?? reason}`
}

/**
 * The devices of a report that missed the command, in a line; '' for none.
 *
 * @param {{devices: Partial<Report['devices'][number]>[]} | null | undefined} report
 * @param {(deviceId: string) => string} nameOf
 */
export function missedIn(report, nameOf) {
  const missed = (report?.devices ?? []).filter(d => d.missed)
  return missed.map(d => `${nameOf(d.deviceId ?? '')} ${missedWords(d.missed?.lateMs ?? 0, d.missed?.reason ?? '')}`).join('; ')
}

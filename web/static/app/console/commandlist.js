import { clock, count, span } from '../ui/format.js'
import { missedIn } from '../ui/missed.js'
import * as wire from '../../lib/wire.js'

/** @import { Issued, Report } from '../../lib/wire.js' */

/** Commands kept. */
export const KEPT = 40

/** @typedef {{devices: Partial<Report['devices'][number]>[], spreadMs?: number | null, spreadBoundMs?: number | null}} Reported */

/**
 * A command as it comes: the data of its event, or the server's list.
 *
 * @typedef {{commandId: string, timestamp: number} & Partial<Pick<Issued, 'name' | 'postureLabel' | 'isPlaying' | 'position' | 'playbackRate'>>} Scheduled
 */

/**
 * A command that was issued, and what came of it.
 *
 * @typedef {object} Entry
 * @property {string} commandId
 * @property {string} name       for people
 * @property {number} timestamp  session ms
 * @property {Reported | null} report  null until it comes
 * @property {string} [cancelled]  why
 */

/** The last commands of the session, the latest first: the server's list, and what is heard since. */
export class CommandList {
  /** @type {Entry[]} */ #entries = []

  get entries() {
    return this.#entries
  }

  /** @param {string} commandId */
  find(commandId) {
    return this.#entries.find(e => e.commandId === commandId)
  }

  /**
   * A command is scheduled; false when that is known.
   *
   * @param {string} event
   * @param {Scheduled} data
   */
  scheduled(event, data) {
    if (this.find(data.commandId)) return false
    this.#add([{ commandId: data.commandId, name: titleOf(event, data), timestamp: data.timestamp, report: null }])
    return true
  }

  /**
   * @param {string} commandId
   * @param {string} reason
   */
  cancelled(commandId, reason) {
    const entry = this.find(commandId)
    if (entry) entry.cancelled = reason || 'cancelled'
  }

  /** @param {Reported & {commandId: string}} report */
  reported(report) {
    const entry = this.find(report.commandId)
    if (entry) entry.report = report
  }

  /**
   * The list as the server has it. Its reports count: they are as of now.
   *
   * @param {(Scheduled & Pick<Partial<Issued>, 'cancelled' | 'reason'> & {event: string, report?: Reported | null})[]} commands  of GET …/commands
   */
  listed(commands) {
    for (const c of commands) {
      this.scheduled(c.event, c)
      if (c.cancelled) this.cancelled(c.commandId, c.reason ?? '')
      if (c.report) this.reported({ ...c.report, commandId: c.commandId })
    }
  }

  /** @param {Entry[]} more */
  #add(more) {
    this.#entries = [...more, ...this.#entries].sort((a, b) => b.timestamp - a.timestamp).slice(0, KEPT)
  }
}

/** What the console's own commands are called. */
const NAMES = /** @type {Record<string, string>} */ ({ flash: 'Flash', pulse: 'Silent test' })

/**
 * What a command is, for people.
 *
 * @param {string} event
 * @param {Omit<Scheduled, 'commandId' | 'timestamp'>} data
 */
export function titleOf(event, data) {
  switch (event) {
    case wire.START_RECORDING: return data.postureLabel ? `Record “${data.postureLabel}”` : 'Record'
    case wire.STOP_RECORDING: return 'Stop recording'
    case wire.PLAYBACK_SYNC: return `${data.isPlaying ? 'Play' : 'Pause'} at ${clock(data.position ?? 0)}${fast(data.playbackRate)}`
    default: return NAMES[data.name ?? ''] ?? data.name ?? ''
  }
}

/** @param {number | undefined} rate */
function fast(rate) {
  return rate === undefined || rate === 1 ? '' : `, ${rate}×`
}

/**
 * The devices of a report that acted.
 *
 * @param {Reported | null | undefined} report
 */
export function acted(report) {
  return (report?.devices ?? []).flatMap(d => d.errorMs != null && Number.isFinite(d.errorMs) ? [{ ...d, errorMs: d.errorMs }] : [])
}

/**
 * How far apart a command's acts were, with what that may be wrong by. Null with less than two.
 *
 * @param {Reported | null | undefined} report
 * @returns {{spreadMs: number, boundMs: number} | null}
 */
export function spreadOf(report) {
  if (report?.spreadMs == null || acted(report).length < 2) return null
  return { spreadMs: report.spreadMs, boundMs: report.spreadBoundMs ?? Infinity }
}

/**
 * What came of a command, in a few words.
 *
 * @param {Entry} entry
 */
export function summary({ report, cancelled }) {
  if (cancelled) return 'called off'
  if (!report) return '…'
  const spread = spreadOf(report)
  if (!spread) return acted(report).length ? '1 device acted' : missedBy(report) || 'no reports'
  return `spread ${span(spread.spreadMs)} ± ${span(spread.boundMs)}`
}

/** @param {Reported} report */
function missedBy(report) {
  const n = (report.devices ?? []).filter(d => d.missed).length
  return n ? `missed by ${count(n, 'device')}` : ''
}

/**
 * A report in a line: how far apart, how many, and who was ready but hasn't
 * told that it acted.
 *
 * @param {Entry} entry
 * @param {(deviceId: string) => string} nameOf
 */
export function longSummary(entry, nameOf) {
  const there = acted(entry.report).length
  const missed = missedIn(entry.report, nameOf)
  if (!there) return missed
  const silent = (entry.report?.devices ?? []).filter(d => d.armed && d.at == null && !d.missed)
  return [
    summary(entry),
    there > 1 ? `${count(there, 'device')} acted` : '',
    missed,
    silent.length ? `ready but not heard of since: ${silent.map(d => nameOf(d.deviceId ?? '')).join(', ')}` : '',
  ].filter(Boolean).join(' · ')
}

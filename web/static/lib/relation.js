/**
 * The relation of two threads' performance.now(): worker = page + shift.
 *
 * Their time origins differ, and `performance.timeOrigin` tells by how much,
 * but it is wall-clock time and a browser may read the wall clock twice. So
 * messages exchanged in both directions bound the shift first, and the
 * origins are believed only inside of that bound.
 *
 * @typedef {object} Relation
 * @property {number} shift  ms
 * @property {number} error  ms, at most
 */

/**
 * @typedef {object} Probe
 * @property {number} sent      page time before posting
 * @property {number} answered  worker time
 * @property {number} received  page time after arrival
 */

/**
 * @param {Probe[]} probes        at least one
 * @param {number} originShift    the page's timeOrigin − the worker's, ms
 * @param {number} resolution     of both clocks, ms
 * @returns {Relation}
 */
export function relate(probes, originShift, resolution) {
  const low = Math.max(...probes.map(p => p.answered - p.received)) - resolution
  const high = Math.min(...probes.map(p => p.answered - p.sent)) + resolution
  if (originShift >= low && originShift <= high) return { shift: originShift, error: 2 * resolution }
  return { shift: (low + high) / 2, error: Math.max(resolution, (high - low) / 2) }
}

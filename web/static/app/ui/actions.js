/**
 * Actions that run in the worker. `pulse` does nothing: what it measures, the
 * instant at which a worker acts, is reported by the library itself.
 */
export function pulse() {}

// A device that acts on `flash`: on the page, or in the worker with ?in=worker.
// With ?jank=30 it blocks its page for up to that many milliseconds at a time.
import { join } from '/downbeat.js'

const params = new URLSearchParams(location.search)
const opened = performance.now()
const s = await join({
  sessionId: params.get('session'), deviceType: 'desktop', viewType: params.get('in'),
  resume: false, actions: '/test/actions.js',
})
s.onCommand('flash', params.get('in') === 'worker' ? 'flash' : () => {})
performance.mark('who:' + s.deviceId)

const until = (/** @type {() => boolean} */ done) => new Promise(resolve => {
  const look = () => (done() ? resolve(performance.now()) : setTimeout(look, 1))
  look()
})
const connected = until(() => s.path === 'udp' || s.path === 'tcp').then(t => t - opened)
const converged = until(() => s.bound < 1).then(t => t - opened)

const jank = Number(params.get('jank'))
const block = () => {
  const end = performance.now() + Math.random() * jank
  while (performance.now() < end);
  setTimeout(block, Math.random() * 20)
}
if (jank > 0) block()

globalThis.device = {
  id: s.deviceId,
  isolated: crossOriginIsolated,
  ready: async () => ({ id: s.deviceId, thread: s.clockThread, connectedMs: await connected, convergedMs: await converged }),
  probe: (/** @type {number} */ n) => {
    const { startTime } = performance.mark('probe:' + n)
    return { session: s.toSession(startTime), bound: s.bound }
  },
}

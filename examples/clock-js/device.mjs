/**
 * A device in JavaScript over a transport of its own, here UDP in Node: it answers the clock frames of a
 * server of package clock/loop, and prints what it believes, in ns: its CLOCK_MONOTONIC, session time,
 * the bound that holds with 99 % confidence, and the one that causality guarantees.
 *
 *     node device.mjs HOST PORT
 */
import { createSocket } from 'node:dgram'
import { Clock } from '../../web/static/clock.js' // elsewhere: from 'downbeat/clock'

const [host = '127.0.0.1', port = '8123'] = process.argv.slice(2)

const socket = createSocket('udp4')
const clock = new Clock(frame => socket.send(frame))
socket.on('message', frame => clock.receive(frame))
socket.on('error', error => { console.error(error.message); process.exit(1) })
socket.connect(Number(port), host, () => socket.send('hello')) // so that the server learns the address

const ns = ms => BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6))

setInterval(() => {
  const before = process.hrtime.bigint()
  const session = clock.now()
  const after = process.hrtime.bigint()
  const { bound, hard } = clock
  if (bound < Infinity) console.log(`${(before + after) / 2n} ${ns(session)} ${ns(bound)} ${ns(hard)}`)
}, 100)

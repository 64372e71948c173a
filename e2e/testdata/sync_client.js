// The client of the npm package @ircam/sync as its manual has it: session time of a device time, both in ms.
import { SyncClient } from '@ircam/sync'

/** @param {string} url */
export async function follow(url) {
  const client = new SyncClient(() => performance.now() / 1000)
  const socket = new WebSocket(url)
  await new Promise((done, fail) => {
    socket.onopen = done
    socket.onerror = () => fail(new Error('no connection'))
  })
  client.start(
    (id, sent) => socket.send(JSON.stringify([0, id, sent])),
    callback => socket.addEventListener('message', e => {
      const [kind, ...pong] = JSON.parse(e.data)
      if (kind === 1) callback(...pong)
    }),
  )
  return d => 1000 * client.getSyncTime(d / 1000) // after the first series of pings, 2.5 s
}

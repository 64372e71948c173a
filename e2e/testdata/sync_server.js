// The server of the npm package @ircam/sync as its manual has it, over ws. Its time is the machine's monotonic clock, times
// an argument.
import sync from '@ircam/sync'
import { WebSocketServer } from 'ws'

const rate = Number(process.argv[2])
const server = new sync.SyncServer(() => {
  const [seconds, nanos] = process.hrtime()
  return (seconds + nanos * 1e-9) * rate
})
const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
sockets.on('connection', socket => {
  server.start(
    (...pong) => socket.send(JSON.stringify([1, ...pong])),
    callback => socket.on('message', text => {
      const [kind, id, sent] = JSON.parse(String(text))
      if (kind === 0) callback(id, sent)
    }),
  )
})
sockets.on('listening', () => console.log(sockets.address().port))

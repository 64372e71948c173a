// The page around the second document's code: a media player, and commands on standard input.
import { createInterface } from 'node:readline';
import { tell } from './tell';

globalThis.updateMediaPlayer = data => tell('player', data);
console.log = (text, data) => tell('log', { text, leads: data?.isLeader, userId: data?.userId, deviceId: data?.deviceId });

const { socket } = await import('./client');
socket.on('error', e => tell('error', e));
socket.on('connect', () => tell('connected', { recovered: socket.recovered, id: socket.id }));
createInterface({ input: process.stdin }).on('line', async line => {
  const [verb, ...rest] = line.split(' ');
  switch (verb) {
    case 'cut': socket.io.engine.close(); return;
    case 'ask': tell('acknowledged', await socket.timeout(5000).emitWithAck(rest[0], JSON.parse(rest[1]))); return;
    case 'emit': socket.emit(rest[0], JSON.parse(rest[1])); return;
    case 'hear': socket.on(rest[0], data => tell(rest[0], data)); return;
  }
}).on('close', () => process.exit(0));
tell('ready', {});

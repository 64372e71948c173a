/**
 * A ping as the server writes it; times in ns.
 *
 * @param {{flags: number, epoch: number, nonce: bigint, device: bigint, session: bigint,
 *   rate: number, bound: bigint, growth: number, hard: bigint}} fields
 */
export function ping(fields) {
  const view = new DataView(new ArrayBuffer(60))
  view.setUint8(0, 1)
  view.setUint8(1, fields.flags)
  view.setUint16(2, fields.epoch)
  view.setBigUint64(4, fields.nonce)
  view.setBigInt64(12, fields.device)
  view.setBigInt64(20, fields.session)
  view.setFloat64(28, fields.rate)
  view.setBigInt64(36, fields.bound)
  view.setFloat64(44, fields.growth)
  view.setBigInt64(52, fields.hard)
  return view.buffer
}

export function flash() {}

/** Takes away what a request says of its own way, unless one of the configured proxies says it. */
import { BlockList, isIPv4 } from 'node:net';
import type { Middleware } from './exchange.ts';

const claims = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
];

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

export const forwarded = (proxies: readonly string[]): Middleware => {
  const believed = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    if (prefix === undefined) believed.addAddress(address, family(address));
    else believed.addSubnet(address, Number(prefix), family(address));
  }
  return (ctx, next) => {
    const { headers } = ctx.req;
    const claimed = claims.filter((claim) => headers[claim] !== undefined);
    if (claimed.length === 0) return next();
    // A socket that takes both families shows IPv4 addresses as ::ffff:10.0.0.1.
    const peer = (ctx.req.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    if (peer === '' || !believed.check(peer, family(peer))) for (const claim of claimed) delete headers[claim];
    return next();
  };
};

/** The little that the sign-in pages need of a request and an answer: a form that came from this very site, and a page in return. */
import { parse } from 'node:querystring';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { forbidden, malformed } from '../../outcome/outcome.ts';
import { html, page, pagePolicy, type Markup } from './html.ts';

export type Fields = Readonly<Record<string, string>>;

/** Forms of the pages are short. */
const mostBytes = 16_384;

/**
 * Another site's page may send a form here, but not without saying so: browsers send Sec-Fetch-Site, older ones Origin.
 * (An Origin that is this site's own was taken off the request before it came here.)
 */
const refuseStrangers = ({ headers }: KoaContextWithOIDC['req']): void => {
  const site = headers['sec-fetch-site'];
  const isStranger = site === undefined ? headers.origin !== undefined : site !== 'same-origin' && site !== 'none';
  if (isStranger) throw forbidden('this form was sent from another site');
};

export const readForm = async (ctx: KoaContextWithOIDC): Promise<Fields> => {
  refuseStrangers(ctx.req);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw malformed('the form is too long');
    chunks.push(chunk);
  }
  const fields = parse(Buffer.concat(chunks).toString('utf8'));
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
};

/** With the realm's path, which is taken off before the package sees a request. */
export const fullUrl = ({ req }: KoaContextWithOIDC): string =>
  (req as { readonly originalUrl?: string }).originalUrl ?? req.url ?? '';

export interface Place {
  readonly style: string;
  /** Beyond this site, where a form may lead. */
  readonly leadsTo: string;
}

export const show = (
  ctx: KoaContextWithOIDC,
  { style, leadsTo }: Place,
  title: string,
  body: Markup,
  status = 200,
): void => {
  ctx.status = status;
  ctx.set({
    'Content-Security-Policy': pagePolicy(leadsTo),
    // With no-referrer a browser would send `Origin: null` with our own forms.
    'Referrer-Policy': 'same-origin',
  });
  ctx.type = 'html';
  ctx.body = page(title, style, body);
};

export const faultLine = (fault: string | undefined): Markup =>
  fault === undefined ? html`` : html`<p class="fault" role="alert">${fault}</p>`;

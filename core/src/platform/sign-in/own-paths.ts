/** What stands under the realm beside the package's own endpoints: sign-in pages, the account page, userinfo, and the ways out. */
import type { ParsedUrlQuery } from 'node:querystring';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { Outcome } from '../../outcome/outcome.ts';
import { faultLine, fullUrl, show } from './exchange.ts';
import { leave, type Leave } from './leave.ts';
import { paths } from './own-grants.ts';
import { userInfo, type TokenServices } from './token-services.ts';
import { styleSheet } from './style.ts';

type Page = (ctx: KoaContextWithOIDC, provider: Provider) => Promise<void>;

export interface OwnPathsNeeds extends Leave {
  readonly services: TokenServices;
  readonly interact: Page;
  readonly account: Page;
  /** Undefined where nobody registers himself. */
  readonly register: Page | undefined;
}

type Next = () => Promise<void>;

const askedOf = ({ req, query }: KoaContextWithOIDC): ParsedUrlQuery =>
  (req as { form?: ParsedUrlQuery }).form ?? query;

const pageAnswers = async (ctx: KoaContextWithOIDC, style: string, answer: () => Promise<void>): Promise<void> => {
  try {
    await answer();
  } catch (thrown) {
    // The database that is away, a form of a stranger, a hint that is none.
    const status = thrown instanceof Outcome ? thrown.status : 400;
    if (!(thrown instanceof Outcome) && !(thrown instanceof errors.OIDCProviderError)) throw thrown;
    const words = thrown instanceof Outcome ? thrown.message : (thrown.error_description ?? thrown.message);
    show(ctx, { style, leadsTo: '' }, 'This did not work', faultLine(words), status);
  }
};

/** The package keeps offline access from clients that do not ask for consent; Keycloak does not. */
const askConsentForOffline = (ctx: KoaContextWithOIDC): void => {
  const query = new URLSearchParams(ctx.querystring);
  const prompt = query.get('prompt') ?? '';
  const wants = (query.get('scope') ?? '').split(' ').includes('offline_access');
  if (!query.has('scope')) query.set('scope', 'profile email');
  if (wants && !/\b(none|consent)\b/.test(prompt)) query.set('prompt', `${prompt} consent`.trim());
  const full = fullUrl(ctx);
  const mount = full.slice(0, full.indexOf(ctx.url));
  ctx.querystring = query.toString();
  // By this the package knows the path under which it stands.
  Object.assign(ctx.req, { originalUrl: `${mount}${ctx.url}` });
};

/** `response_mode=form_post` sends itself by a script of the package, which adds its hash to `script-src`. */
const withOwnScript = "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

export const ownPaths =
  (provider: Provider, needs: OwnPathsNeeds) =>
  async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    const { style, services } = needs;
    const { path } = ctx;
    if (path === paths.style) {
      ctx.type = 'css';
      ctx.set('Cache-Control', 'public, max-age=3600');
      ctx.body = styleSheet;
      return;
    }
    if (path.startsWith(`${paths.signIn}/`)) return pageAnswers(ctx, style, () => needs.interact(ctx, provider));
    if (path === paths.account) return pageAnswers(ctx, style, () => needs.account(ctx, provider));
    const { register } = needs;
    if (path === paths.register && register) return pageAnswers(ctx, style, () => register(ctx, provider));
    if (path === paths.userinfo) {
      const { status, body } = await userInfo(ctx.get('authorization'), services);
      ctx.status = status;
      if (status !== 200) ctx.set('WWW-Authenticate', `Bearer error="${String(body['error'])}"`);
      ctx.body = body;
      return;
    }
    if (path === paths.logout) {
      let isDone = true;
      await pageAnswers(ctx, style, async () => {
        isDone = await leave(ctx, provider, askedOf(ctx), needs);
      });
      if (isDone) return;
    }
    if (path.startsWith(paths.authorization)) ctx.set('Content-Security-Policy', withOwnScript);
    if (path === paths.authorization) askConsentForOffline(ctx);
    return next();
  };

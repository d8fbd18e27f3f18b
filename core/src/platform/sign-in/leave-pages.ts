/** The pages at the end: whether to sign out, that it is done, and what went wrong; a program gets its error as JSON. */
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { show } from './exchange.ts';
import { html, sourceOf } from './html.ts';

/** The package writes the form; its action and secret are our own. */
const fieldIn = (form: string, pattern: RegExp): string => pattern.exec(form)?.[1] ?? '';

export const leavePage =
  (style: string) =>
  async (ctx: KoaContextWithOIDC, form: string): Promise<void> => {
    const action = fieldIn(form, /action="([^"]*)"/);
    const secret = fieldIn(form, /name="xsrf" value="([^"]*)"/);
    const leadsTo = sourceOf(ctx.oidc.params?.['post_logout_redirect_uri']);
    show(
      ctx,
      { style, leadsTo },
      'Sign out?',
      html`<form method="post" action="${action}">
        <input type="hidden" name="xsrf" value="${secret}" />
        <button name="logout" value="yes">Sign out</button>
      </form>`,
    );
  };

export const endedPage =
  (style: string) =>
  async (ctx: KoaContextWithOIDC): Promise<void> =>
    show(ctx, { style, leadsTo: '' }, 'Signed out', html`<p role="status">You are signed out.</p>`);

export const errorPage =
  (style: string) =>
  async (ctx: KoaContextWithOIDC, out: ErrorOut): Promise<void> => {
    if (ctx.accepts('json', 'html') !== 'html') {
      ctx.body = out;
      return;
    }
    const words = out.error_description ?? out.error;
    show(ctx, { style, leadsTo: '' }, 'This did not work', html`<p role="alert">${words}</p>`, ctx.status);
  };

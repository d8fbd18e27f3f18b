/** A browser without script: follows redirects on its own site, keeps cookies by their paths, fills in forms; stops where a redirect leaves. */

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export interface Page {
  readonly status: number;
  readonly url: string;
  readonly text: string;
  readonly headers: Headers;
  /** Where the redirects left for. */
  readonly left: URL | undefined;
}

export interface Form {
  readonly action: string;
  readonly fields: Record<string, string>;
}

export interface Browser {
  readonly get: (url: string) => Promise<Page>;
  readonly post: (url: string, fields: Record<string, string>, headers?: Record<string, string>) => Promise<Page>;
  /** Fills in the form of a page that has a field of this name. */
  readonly submit: (page: Page, has: string, fields: Record<string, string>) => Promise<Page>;
  readonly cookies: () => readonly Cookie[];
  readonly forget: (name: string) => void;
  readonly set: (cookie: Cookie) => void;
}

const decode = (text: string): string =>
  text
    .replaceAll('&#39;', "'")
    .replaceAll('&#x2F;', '/')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

const attribute = (tag: string, name: string): string | undefined => {
  const [, value] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? [];
  return value === undefined ? undefined : decode(value);
};

export const formsOf = ({ text, url }: Page): Form[] =>
  [...text.matchAll(/<form\b[^>]*>[^]*?<\/form>/g)].map(([form]) => ({
    action: new URL(attribute(form, 'action') ?? '', url).href,
    fields: Object.fromEntries(
      [...form.matchAll(/<input\b[^>]*>/g)].map(([input]) => [
        attribute(input, 'name') ?? '',
        attribute(input, 'value') ?? '',
      ]),
    ),
  }));

export const openBrowser = (stays: (url: URL) => boolean): Browser => {
  let jar: Cookie[] = [];

  const keep = (url: URL, headers: Headers): void => {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = rest.find((part) => /^path=/i.test(part))?.slice(5) ?? url.pathname.replace(/[^/]*$/, '');
      jar = jar.filter((cookie) => cookie.name !== name || cookie.path !== path);
      const isGone = value === '' || rest.some((part) => /^max-age=0$|1970/i.test(part));
      if (!isGone) jar.push({ name, value, path });
    }
  };

  const go = async (address: string, init: RequestInit, hops = 0): Promise<Page> => {
    const url = new URL(address);
    if (hops > 15) throw new Error(`too many redirects, the last to ${url.origin}${url.pathname}`);
    const cookie = jar
      .filter(({ path }) => url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const headers = { ...(init.headers as Record<string, string>), Accept: 'text/html', ...(cookie ? { cookie } : {}) };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    keep(url, answer.headers);
    const next = answer.headers.get('location');
    const text = await answer.text();
    if (next === null || answer.status < 300 || answer.status > 399)
      return { status: answer.status, url: url.href, text, headers: answer.headers, left: undefined };
    const target = new URL(next, url);
    if (!stays(target)) return { status: answer.status, url: url.href, text, headers: answer.headers, left: target };
    return go(target.href, {}, hops + 1);
  };

  const post: Browser['post'] = (url, fields, headers = {}) =>
    go(url, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: new URL(url).origin,
        'Sec-Fetch-Site': 'same-origin',
        ...headers,
      },
    });

  return {
    get: (url) => go(url, {}),
    post,
    submit: (page, has, fields) => {
      const form = formsOf(page).find((each) => has in each.fields);
      if (!form)
        throw new Error(
          `no form with ${has} at ${page.url}, ${page.status}: ${page.text.replace(/<[^>]*>/g, ' ').slice(0, 400)}`,
        );
      return post(form.action, { ...form.fields, ...fields });
    },
    cookies: () => jar,
    forget: (name) => void (jar = jar.filter((cookie) => cookie.name !== name)),
    set: (cookie) => void (jar = [...jar.filter(({ name }) => name !== cookie.name), cookie]),
  };
};

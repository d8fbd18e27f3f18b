/** Writes pages as text in which nothing that a person or a client sent can become markup; no script, no style of its own. */

/** Text that is markup already. */
export interface Markup {
  readonly markup: string;
}

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

type Part = string | number | Markup | readonly Markup[] | undefined;

const write = (part: Part): string => {
  if (part === undefined) return '';
  if (typeof part === 'object') return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
  return String(part).replace(/[&<>"']/g, (character) => replacements[character] ?? '');
};

export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: texts.map((text, place) => `${text}${write(parts[place])}`).join(''),
});

export const page = (title: string, style: string, body: Markup): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Heddle</title>
        <link rel="stylesheet" href="${style}" />
      </head>
      <body>
        <header><h1>Heddle</h1></header>
        <main>
          <section aria-labelledby="title">
            <h2 id="title">${title}</h2>
            ${body}
          </section>
        </main>
      </body>
    </html> `.markup;

/** Where a form may lead: browsers hold redirects that follow it to this too. */
export const pagePolicy = (leadsTo: string): string =>
  `default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'${leadsTo}`;

/** As a source of a policy; nothing for an address that is none. */
export const sourceOf = (address: unknown): string => {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (!url) return '';
  return /^https?:$/.test(url.protocol) ? ` ${url.origin}` : ` ${url.protocol}`;
};

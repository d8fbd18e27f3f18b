/** Serves a folder of built pages as they are; reads each file once and nothing outside the folder. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Site } from '../plugin/route.ts';
import type { Middleware } from './exchange.ts';

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** Scripts, styles and calls from here only; nothing inline, nothing framed. */
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

interface File {
  readonly type: string;
  readonly bytes: Buffer;
  readonly tag: string;
}

const filesIn = (folder: string): ReadonlyMap<string, File> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && extname(entry.name) in mediaTypes)
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
        return [
          path.slice(folder.length).replace(/^\/+/, ''),
          { type: mediaTypes[extname(entry.name)] ?? '', bytes, tag },
        ];
      }),
  );

export const sites = (declared: readonly Site[]): Middleware => {
  const mounted = declared.map(({ path, folder }) => ({
    prefix: path.endsWith('/') ? path : `${path}/`,
    files: filesIn(folder),
  }));
  return async (ctx, next) => {
    for (const { prefix, files } of mounted) {
      if (!ctx.path.startsWith(prefix)) continue;
      const file = files.get(ctx.path.slice(prefix.length) || 'index.html');
      if (!file || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) continue;
      ctx.state.area = 'site';
      ctx.set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', ETag: file.tag });
      ctx.status = 200;
      if (ctx.fresh) {
        ctx.status = 304;
        return;
      }
      ctx.type = file.type;
      ctx.body = file.bytes;
      return;
    }
    return next();
  };
};

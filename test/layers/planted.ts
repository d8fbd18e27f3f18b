/** Writes a miniature tree into a folder of its own and takes it away again; for tests that plant breaches. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Tree = Readonly<Record<string, string>>;

/** Links lead to another folder of the same tree. */
export const planted = (files: Tree, links: Tree = {}): { readonly root: string; readonly uproot: () => void } => {
  const root = mkdtempSync(join(tmpdir(), 'heddle-planted-'));
  const place = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(place(path), text);
  for (const [path, target] of Object.entries(links)) symlinkSync(join(root, target), place(path));
  return { root, uproot: () => rmSync(root, { recursive: true }) };
};

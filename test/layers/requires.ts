/** Finds imports of another plugin's contract that the importing plugin does not list in `requires`; reads the text of plugin.ts only. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path/posix';
import { split, type Split } from './split.ts';

interface Place extends Split {
  readonly root: string;
  readonly path: string;
}

const contractImport = /\bfrom\s*'([^']+\/contract(?:\.ts)?)'/g;

export const unrequired = ({ root, path, text }: Place): number[] => {
  const [kind = '', name = ''] = path.split('/');
  const own = `${kind}/${name}`;
  return [...text.matchAll(contractImport)]
    .filter(({ 1: specifier = '' }) => {
      const other = folderOf(root, path, specifier);
      return other !== undefined && other !== own && !required(root, own).includes(nameOf(root, other));
    })
    .map(({ index }) => index);
};

/** The plugin that a contract belongs to, imported by path or by its package's name. */
const folderOf = (root: string, path: string, specifier: string): string | undefined => {
  if (specifier.startsWith('.')) return normalize(join(path, '..', specifier, '..'));
  const packageName = specifier.replace(/\/contract(?:\.ts)?$/, '');
  return globSync('{plugins,adapters}/*/package.json', { cwd: root })
    .find((file) => (JSON.parse(readFileSync(join(root, file), 'utf8')) as { name?: string }).name === packageName)
    ?.replace('/package.json', '');
};

const pluginText = (root: string, folder: string): string => {
  const file = join(root, folder, 'plugin.ts');
  return existsSync(file) ? split(readFileSync(file, 'utf8')).text : '';
};

/** Under which name the plugin gives itself; its folder's name if it gives none. */
const nameOf = (root: string, folder: string): string =>
  /\bdefinePlugin\b[^{]*\{[^{}]*?\bname:\s*'([^']+)'/.exec(pluginText(root, folder))?.[1] ?? folder.split('/')[1] ?? '';

const required = (root: string, folder: string): string[] => {
  const [, list = ''] = /\brequires:\s*\{([^}]*)\}/.exec(pluginText(root, folder)) ?? [];
  return [...list.matchAll(/(?:^|[{,\s])['"]?([\w.-]+)['"]?\s*:/g)].map(([, name = '']) => name);
};

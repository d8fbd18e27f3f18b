/** Reads what stands behind the name of a command; answers nothing where it is not what the command takes. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

export interface Arguments {
  readonly text: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  readonly rest: readonly string[];
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: string[];
}

/** `--name value` for each of `texts`, `--name` for each of `flags`. */
export const readArguments = (
  args: readonly string[],
  { texts = [], flags = [] }: { readonly texts?: readonly string[]; readonly flags?: readonly string[] },
): Arguments | undefined => {
  const options: ParseArgsOptionsConfig = {};
  for (const name of texts) options[name] = { type: 'string' };
  for (const name of flags) options[name] = { type: 'boolean' };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true }) as Parsed;
    const text = (name: string): string | undefined => {
      const value: unknown = values[name];
      return typeof value === 'string' ? value : undefined;
    };
    return { text, flag: (name) => values[name] === true, rest: positionals };
  } catch (thrown) {
    if (thrown instanceof TypeError && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS'))
      return undefined;
    throw thrown;
  }
};

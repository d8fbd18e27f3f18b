/** The rules of the house that a reader of one file can check, as data: what is refused, where, and why. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unrequired } from './requires.ts';
import { split, type Split } from './split.ts';

export interface Source extends Split {
  readonly root: string;
  readonly path: string;
  readonly lines: number;
}

/** Answers the places of what it refuses. */
type Finder = (source: Source) => number[];

interface Rule {
  readonly name: string;
  readonly why: string;
  readonly only?: RegExp;
  readonly except?: readonly RegExp[];
  readonly finds: Finder;
}

export interface HouseFault {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly why: string;
}

/** They read clocks and draw chance, and hand both to the others as arguments. */
export const handsIn: readonly RegExp[] = [/^core\/src\/boot\/effects\.ts$/];

const tests = /(?:^|\/)test\/|\.test\.tsx?$/;
const launcher = /^bin\//;
const linesAllowed = 400;

const matches = (pattern: RegExp, text: string): number[] => [...text.matchAll(pattern)].map(({ index }) => index);
const inCode =
  (pattern: RegExp): Finder =>
  ({ code }) =>
    matches(pattern, code);
const inText =
  (pattern: RegExp): Finder =>
  ({ text }) =>
    matches(pattern, text);
const inComments =
  (pattern: RegExp): Finder =>
  ({ comments }) =>
    matches(pattern, comments);
const inPath =
  (pattern: RegExp): Finder =>
  ({ path }) =>
    pattern.test(path) ? [0] : [];

const vagueNames = 'utils?|helpers?|common|managers?|services?|types';

export const rules: readonly Rule[] = [
  {
    name: 'environment',
    why: 'read the environment in core/src/config only, and hand on what was read',
    except: [/^core\/src\/config\//, launcher, tests],
    finds: inText(/\bprocess\s*\.\s*env\b|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'(?:node:)?process'/g),
  },
  {
    name: 'no-class',
    why: 'verbs are functions and values are data; only an error is a class',
    finds: inCode(/(?<![.\w])class\s+(?!\w+\s+extends\s+Error\b)[\w{]|(?<![.\w])class\s*\{/g),
  },
  {
    name: 'one-error-type',
    why: 'there is one error type, the Outcome',
    except: [/^core\/src\/outcome\//],
    finds: inCode(/(?<![.\w])class\s+\w+\s+extends\s+Error\b/g),
  },
  {
    name: 'file-name',
    why: 'this name says nothing about what is inside',
    except: [/^core\/src\/fhir\/types(?:\/|\.ts$)/],
    finds: inPath(
      new RegExp(`(?:^|/)(?:${vagueNames})(?:/|(?:\\.test)?\\.\\w+$)|[-.](?:utils?|helpers?|managers?)\\.\\w+$`),
    ),
  },
  {
    name: 'opening',
    why: 'a file opens with /** one sentence */ that says what it does and what it refuses',
    except: [/\.test\.tsx?$/],
    finds: ({ text, comments }) => (opensWithSentence(text, comments) ? [] : [0]),
  },
  {
    name: 'length',
    why: `past 250 lines ask why, at ${linesAllowed} split`,
    finds: ({ lines }) => (lines > linesAllowed ? [0] : []),
  },
  {
    name: 'clock-and-chance',
    why: 'time and randomness are arguments; take them from what boot hands in',
    except: [...handsIn, launcher, tests, /^portal\//],
    finds: inText(
      /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w]))|\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int|Fill|FillSync)\b|\bgetRandomValues\b/g,
    ),
  },
  {
    name: 'whole-tests',
    why: 'no test is singled out or left out; tell what cannot run here with notRun',
    only: tests,
    finds: inCode(/\.\s*(?:only|skip)\s*\(|\bx(?:it|describe)\s*\(/g),
  },
  {
    name: 'empty-catch',
    why: 'a fault that nobody hears of cannot be repaired',
    finds: inCode(
      /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.\s*catch\s*\(\s*(?:async\s*)?\(?\s*\w*\s*\)?\s*=>\s*\{\s*\}\s*\)/g,
    ),
  },
  {
    name: 'no-escape',
    why: 'let the types say what is so; parse at the door',
    finds: inCode(/\bas\s+any\b|[:<,|&]\s*any\b(?!\s*[:(.=?])|\bany\s*\[\]|\bas\s+unknown\s+as\b/g),
  },
  {
    name: 'no-silencing',
    why: 'a type error is repaired, not silenced',
    finds: inComments(/@ts-(?:ignore|expect-error|nocheck)\b/g),
  },
  {
    name: 'import-by-statement',
    why: "write `import type`; the walls do not see an import('…') inside a type",
    finds: inCode(/\btypeof\s+import\s*\(|(?<!await\s)\bimport\s*\(\s*\)\s*\.\s*[A-Z]/g),
  },
  {
    name: 'machine-path',
    why: 'this path is there on one machine only',
    finds: inText(/(?<=['"`\s(=:])\/(?:work|root|home|Users)\/(?=[\w.-])/g),
  },
  {
    name: 'door',
    why: "index.ts stands only at a package's door: core/src/index.ts and core/src/testing/index.ts",
    except: [/^core\/src\/(?:testing\/)?index\.ts$/],
    finds: inPath(/(?:^|\/)index\.[jt]sx?$/),
  },
  {
    name: 'requires',
    why: "a plugin lists every plugin whose contract it imports in 'requires'",
    only: /^(?:plugins|adapters)\//,
    finds: unrequired,
  },
];

/** Nothing but a `#!` line may stand before it. */
const opensWithSentence = (text: string, comments: string): boolean => {
  const before = text.slice(0, comments.search(/\S/)).replace(/^#!.*/, '');
  return /^\s*\/\*\*\s[^]{20,}?\*\//.test(comments) && before.trim() === '';
};

const lineAt = (text: string, place: number): number => text.slice(0, place).split('\n').length;

export const sourceFiles = (root: string): string[] =>
  globSync('{bin,core,fhir-profiles,plugins,adapters,portal,test}/**/*.{ts,tsx,js,mjs}', {
    cwd: root,
    exclude: ['**/node_modules/**', '**/dist/**'],
  }).toSorted();

const read = (root: string, path: string): Source => {
  const source = readFileSync(join(root, path), 'utf8');
  return { root, path, lines: source.trimEnd().split('\n').length, ...split(source) };
};

export const houseFaults = (root: string): HouseFault[] =>
  sourceFiles(root).flatMap((path) => {
    const source = read(root, path);
    return rules
      .filter(({ only, except = [] }) => (!only || only.test(path)) && !except.some((place) => place.test(path)))
      .flatMap(({ name, why, finds }) =>
        finds(source).map((place) => ({ rule: name, path, line: lineAt(source.text, place), why })),
      );
  });

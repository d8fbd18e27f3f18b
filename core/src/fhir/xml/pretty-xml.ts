/** Sets XML as we write it in lines for people; a narrative stays as it is, because in it blanks are text. */

const tag = /<[^>]*>/y;
const divTag = /<(\/?)div\b[^>]*?(\/?)>/g;

/** Behind the end of the narrative that begins at `from`. */
const narrativeEnd = (text: string, from: number): number => {
  divTag.lastIndex = from;
  let depth = 0;
  for (let found = divTag.exec(text); found; found = divTag.exec(text)) {
    if (found[1] === '/') depth--;
    else if (found[2] !== '/') depth++;
    if (depth === 0) return divTag.lastIndex;
  }
  return text.length;
};

const tagEnd = (text: string, from: number): number => {
  tag.lastIndex = from;
  return tag.test(text) ? tag.lastIndex : text.length;
};

export const prettyXml = (compact: string): string => {
  const lines: string[] = [];
  let depth = 0;
  for (let at = 0; at < compact.length;) {
    const isNarrative = /^<div[ >]/.test(compact.slice(at, at + 5));
    const end = isNarrative ? narrativeEnd(compact, at) : tagEnd(compact, at);
    const piece = compact.slice(at, end);
    if (piece.startsWith('</')) depth--;
    lines.push('  '.repeat(depth) + piece);
    const opens = !isNarrative && !/^<[/?]|\/>$/.test(piece);
    if (opens) depth++;
    at = end;
  }
  return lines.join('\n');
};

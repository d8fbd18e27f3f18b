/** Sets compact JSON out in lines for people, without reading its numbers or strings. */

const step = '  ';

export const pretty = (compact: string): string => {
  const pieces: string[] = [];
  let indent = '\n';
  for (let at = 0; at < compact.length; at++) {
    const char = compact.charAt(at);
    if (char === '"') {
      let stop = at + 1;
      while (compact.charAt(stop) !== '"') stop += compact.charAt(stop) === '\\' ? 2 : 1;
      pieces.push(compact.slice(at, stop + 1));
      at = stop;
    } else if ((char === '{' || char === '[') && /[}\]]/.test(compact.charAt(at + 1))) {
      pieces.push(char, compact.charAt(at + 1));
      at++;
    } else if (char === '{' || char === '[') {
      indent += step;
      pieces.push(char, indent);
    } else if (char === '}' || char === ']') {
      indent = indent.slice(0, -step.length);
      pieces.push(indent, char);
    } else if (char === ',') pieces.push(char, indent);
    else if (char === ':') pieces.push(': ');
    else pieces.push(char);
  }
  return pieces.join('');
};

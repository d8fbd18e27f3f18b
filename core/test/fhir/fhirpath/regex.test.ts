import { expect } from 'chai';
import { firstMatch } from '../../../src/fhir/fhirpath/regex/match.ts';
import { compilePattern, type Program } from '../../../src/fhir/fhirpath/regex/program.ts';
import { seeded } from '../../seeded.ts';

const program = (pattern: string): Program => {
  const compiled = compilePattern(pattern);
  if ('why' in compiled) expect.fail(`${pattern}: ${compiled.why}`);
  return compiled;
};

const refusal = (pattern: string): string => {
  const compiled = compilePattern(pattern);
  return 'why' in compiled ? compiled.why : expect.fail(`${pattern} was taken`);
};

/** Where the match and its groups stand. */
const slots = (pattern: string, text: string): (string | undefined)[] | undefined => {
  const { groups } = program(pattern);
  const found = firstMatch(program(pattern), text, 0, () => {});
  return (
    found &&
    Array.from({ length: groups + 1 }, (_, group) => {
      const from = found[group * 2];
      return from === undefined ? undefined : text.slice(from, found[group * 2 + 1]);
    })
  );
};

describe('a regular expression', () => {
  it('finds what the machine itself finds', () => {
    const { seed, whole, pick } = seeded();
    const atom = (depth: number): string => {
      const kind = whole(depth > 2 ? 5 : 8);
      if (kind < 3) return pick(['a', 'b', 'ab', 'é', '😀']);
      if (kind === 3) return pick(['.', '[ab]', '[^a]', '\\d', '\\w', '\\s', '[a-c\\d]', '\\u0061', '\\p{L}']);
      if (kind === 4) return pick(['^', '$', '\\b', '\\B']);
      if (kind === 5) return `(${either(depth + 1)})`;
      return `(?:${either(depth + 1)})`;
    };
    const repeated = (depth: number): string => {
      const inner = atom(depth);
      // A repeated group of nothing is told apart by engines only; JavaScript resets groups in each round.
      if (/^[\^$]$|^\\b$|^\\B$|\(/i.test(inner)) return inner;
      return (
        (inner.length > 1 && !/^[[\\]/.test(inner) ? `(?:${inner})` : inner) +
        pick(['', '', '*', '+', '?', '*?', '{2}', '{0,2}', '{1,}?'])
      );
    };
    const sequence = (depth: number): string => Array.from({ length: whole(4) }, () => repeated(depth)).join('');
    const either = (depth: number): string => Array.from({ length: 1 + whole(2) }, () => sequence(depth)).join('|');
    for (let round = 0; round < 3_000; round++) {
      const pattern = either(0);
      const text = Array.from({ length: whole(8) }, () => pick(['a', 'b', '1', ' ', 'é', '😀', '\n'])).join('');
      // V8 finds \B in the middle of a surrogate pair, where no character begins.
      if (pattern.includes('\\B') && text.includes('😀')) continue;
      const native = new RegExp(pattern, 'su').exec(text);
      expect(slots(pattern, text), `seed ${seed}: /${pattern}/ on ${JSON.stringify(text)}`).to.deep.equal(
        native ? Array.from(native) : undefined,
      );
    }
  });

  for (const pattern of ['^(a+)+$', '(a|aa)*$', '(.*a){12}', '(a?){30}a{30}', '([a-z]+)*@', '(x+x+)+y'])
    it(`takes no longer than its text for ${pattern}`, () => {
      const steps = (length: number): number => {
        let taken = 0;
        firstMatch(program(pattern), `${'a'.repeat(length)}!`, 0, (count) => (taken += count));
        return taken;
      };
      expect(steps(2_000)).to.be.below(steps(500) * 5);
    });

  it('refuses what cannot be bounded', () => {
    for (const pattern of ['(a)\\1', '(?=a)', '(?<!a)b', '(?<n>a)\\k<n>']) refusal(pattern);
    expect(refusal('((a{100}){100}){100}')).to.match(/multiply/);
    expect(refusal('a'.repeat(1_001))).to.match(/longer than/);
    expect(refusal('('.repeat(60) + ')'.repeat(60))).to.match(/nest/);
  });

  it('refuses what is not well formed', () => {
    for (const pattern of ['(', ')', '[a', '*a', 'a**', 'a{2,1}', '[b-a]', '\\q', '(?i)a', '\\p{Nonsense}', 'a{5000}'])
      refusal(pattern);
  });
});

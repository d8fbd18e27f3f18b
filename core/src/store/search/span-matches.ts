/** Asks of a range of time that is written as a word what would be asked of a span: for dates of contained resources. */
import type { DateValue } from '../../fhir/search/query.ts';
import { momentText } from '../index/held.ts';
import type { Match, PartTest } from './match.ts';

const low = 1;
const high = 2;

const atLeast = (nth: number, moment: number): PartTest => ({ nth, test: 'atLeast', text: momentText(moment) });
const atMost = (nth: number, moment: number): PartTest => ({ nth, test: 'below', text: momentText(moment + 1) });
const below = (nth: number, moment: number): PartTest => ({ nth, test: 'below', text: momentText(moment) });
const above = (nth: number, moment: number): PartTest => ({ nth, test: 'atLeast', text: momentText(moment + 1) });

/** R4 search.html#prefix. */
export const spanMatches = (value: DateValue, now: number): Match[] => {
  const { prefix } = value;
  const slack = prefix === 'ap' ? Math.abs(now - (value.low + value.high) / 2) / 10 : 0;
  const within = [atLeast(low, value.low), atMost(high, value.high)];
  const tests: Readonly<Record<DateValue['prefix'], readonly (readonly PartTest[])[]>> = {
    eq: [within],
    ne: [[below(low, value.low)], [above(high, value.high)]],
    gt: [[above(high, value.high)]],
    ge: [[above(high, value.high)], within],
    lt: [[below(low, value.low)]],
    le: [[below(low, value.low)], within],
    sa: [[above(low, value.high)]],
    eb: [[below(high, value.low)]],
    ap: [[atMost(low, Math.ceil(value.high + slack)), atLeast(high, Math.floor(value.low - slack))]],
    co: [[atMost(low, value.low), atLeast(high, value.high)]],
    po: [[atMost(low, value.high), atLeast(high, value.low)]],
  };
  return tests[prefix].map((each) => ({ start: '', tests: each }));
};

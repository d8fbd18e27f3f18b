/** Which condition of a search leads: the one that is expected to let the fewest through. */
import type { Condition } from '../conditions.ts';

/** All that hold a resource of the type: read where nothing tells more. */
const asHolder = 12;

/** What a condition is expected to let through, by its kind alone; lower leads. */
export const rankOf = (condition: Condition): number => {
  switch (condition.kind) {
    case 'ids':
      return 0;
    case 'words':
      if (condition.narrow) return 1;
      if (condition.matches.every((match) => 'exact' in match)) return condition.order === 'plain' ? 2 : 3;
      return condition.matches.every((match) => !('start' in match) || match.start !== '') ? 4 : 9;
    case 'element':
      return (
        3 +
        Math.min(
          ...condition.parts.map(({ key, matches }) => rankOf({ kind: 'words', keys: [key], order: 'plain', matches })),
        )
      );
    case 'spans':
      return condition.values.every(({ prefix }) => prefix !== 'ne') ? 5 : 10;
    case 'near':
      return 6;
    case 'chain':
      return 2 + Math.max(...condition.arms.map((arm) => rankOf(arm.condition)));
    case 'contained':
      return 2 + Math.max(...condition.arms.map((arm) => Math.min(asHolder, rankOf(arm.condition))));
    case 'has':
      return 2 + rankOf(condition.arm.condition);
    case 'all':
      return Math.min(99, ...condition.conditions.map(rankOf));
    case 'any':
      return Math.max(0, ...condition.conditions.map(rankOf));
    case 'present':
      return 12;
    case 'updated':
    case 'text':
    case 'not':
      return 99;
  }
};

/** Above this a condition cannot be read as a set, or only as nearly everything. */
const leastSelective = 20;

export const canLead = (condition: Condition): boolean => rankOf(condition) < leastSelective;

/** Gathers what is asked for in one turn of the event loop and asks it in one go. */

export interface Gathered<Ask, Answer> {
  readonly ask: (ask: Ask) => Promise<Answer>;
  /** Resolves when what was asked so far is answered; undefined when nothing is. */
  readonly settled: () => Promise<unknown> | undefined;
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (thrown: unknown) => void;
}

/** `first`: what must be settled before this goes; undefined when nothing must. */
export const gather = <Ask, Answer>(
  together: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  first: () => Promise<unknown> | undefined = () => undefined,
): Gathered<Ask, Answer> => {
  let waiting: Waiting<Ask, Answer>[] = [];
  let scheduled = false;
  let latest: Promise<unknown> | undefined;

  const send = async (group: readonly Waiting<Ask, Answer>[]): Promise<void> => {
    try {
      const answers = await together(group.map(({ ask }) => ask));
      for (const [place, { resolve }] of group.entries()) resolve(answers[place] as Answer);
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
    }
  };
  const turn = (): void => {
    const before = first();
    if (before) {
      before.then(
        () => setImmediate(turn),
        () => setImmediate(turn),
      );
      return;
    }
    scheduled = false;
    const group = waiting;
    waiting = [];
    const sent = send(group).then(() => {
      if (latest === sent) latest = undefined;
    });
    latest = sent;
  };
  return {
    settled: () => latest,
    ask: (ask) =>
      new Promise((resolve, reject) => {
        waiting.push({ ask, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        setImmediate(turn);
      }),
  };
};

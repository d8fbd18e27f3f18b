/** Finds, among resources that wait for each other, the circles that can only be written together. */

/** The strongly connected parts of more than one, by Tarjan's algorithm without recursion: a chain may be as long as a file. */
export const circlesIn = (links: ReadonlyMap<string, readonly string[]>): string[][] => {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open = new Set<string>();
  const stack: string[] = [];
  const circles: string[][] = [];

  const enter = (node: string): { node: string; at: number } => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    open.add(node);
    return { node, at: 0 };
  };
  const lower = (node: string, to: number): void => void low.set(node, Math.min(low.get(node) ?? to, to));
  const leave = (node: string): void => {
    if (low.get(node) !== index.get(node)) return;
    const part = stack.splice(stack.lastIndexOf(node));
    for (const each of part) open.delete(each);
    if (part.length > 1) circles.push(part);
  };

  for (const root of links.keys()) {
    if (index.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = (links.get(top.node) ?? [])[top.at++];
      if (next === undefined) {
        path.pop();
        leave(top.node);
        const above = path.at(-1);
        if (above) lower(above.node, low.get(top.node) ?? 0);
      } else if (!index.has(next) && links.has(next)) path.push(enter(next));
      else if (open.has(next)) lower(top.node, index.get(next) ?? 0);
    }
  }
  return circles;
};

/** What a command of `npx heddle` is. */

export interface Place {
  readonly root: string;
  readonly version: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Answers the exit code. */
  readonly run: (place: Place, args: readonly string[]) => Promise<number>;
}

/** Interim. */
interface RawJson {
  readonly rawJSON: (text: string) => unknown;
}
const json = JSON as unknown as RawJson;
const lossy = /\.\d*0[,}\]\s]|\d[eE]|\d{16}|-0[,}\]\s]/;
export const hasLossyNumbers = (text: string): boolean => lossy.test(text);
export const readLossless = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? json.rawJSON(context.source)
      : value,
  );

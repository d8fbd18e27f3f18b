/** The little of nodemailer that the house uses; the package brings no types. */
declare module 'nodemailer' {
  export interface Message {
    readonly from: string;
    readonly to: { readonly name: string; readonly address: string };
    readonly subject: string;
    readonly text: string;
  }

  export interface Transport {
    readonly sendMail: (message: Message) => Promise<unknown>;
    readonly close: () => void;
  }

  export const createTransport: (options: Readonly<Record<string, string | number | boolean>>) => Transport;
}

/** Sends letters by SMTP; where no server is named they are told on the console instead, which production refuses. */
import { createTransport } from 'nodemailer';
import type { Log } from '../observe/log.ts';

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mail {
  readonly send: (letter: Letter) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface MailSettings {
  /** `smtps://user:password@host:465` */
  readonly smtp?: string | undefined;
  readonly from: string;
}

const waitMs = 10_000;

export const openMail = ({ smtp, from }: MailSettings, log: Log): Mail => {
  if (smtp === undefined)
    return {
      send: async ({ to, subject, text }) =>
        log.warn({}, `a letter that nobody sends (mail.smtp): ${to}\n${subject}\n${text}`),
      close: async () => undefined,
    };
  const transport = createTransport({
    ...{ url: smtp, pool: true, maxConnections: 2 },
    ...{ connectionTimeout: waitMs, greetingTimeout: waitMs, socketTimeout: waitMs },
    // A letter is made of its text: nothing in it may name a file or an address to be fetched.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return {
    send: async ({ to, subject, text }) => {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
    },
    close: async () => transport.close(),
  };
};

/** The tables of the embedded identity provider as TypeORM sees them. */
import { EntitySchema } from 'typeorm';

export interface AccountRow {
  readonly id: string;
  readonly tenant: number;
  readonly username: string;
  readonly password: string;
  readonly roles: string[];
  readonly fhirUser: string | null;
  readonly disabled: boolean;
  readonly demo: boolean;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly factorKey: string | null;
  readonly totp: Buffer | null;
  readonly totpStep: number;
  readonly recovery: string[];
  readonly recoveryUsed: number;
}

export interface ClientRow {
  readonly id: string;
  readonly tenant: number | null;
  readonly secret: string | null;
  readonly grants: string[];
  readonly roles: string[];
  readonly demo: boolean;
  readonly name: string | null;
  readonly redirects: string[];
  readonly postLogouts: string[];
  readonly logoutUrl: string | null;
  readonly jwks: string | null;
  readonly jwksUrl: string | null;
  readonly scopes: string[] | null;
  readonly consent: boolean;
}

export interface SignInRow {
  readonly model: string;
  readonly id: string;
  readonly payload: string;
  readonly grantId: string | null;
  readonly uid: string | null;
  readonly account: string | null;
  readonly launch: string | null;
  readonly consumed: Date | null;
  readonly expires: Date;
}

export interface SignedOutRow {
  readonly kind: string;
  readonly key: string;
  readonly at: Date;
  readonly until: Date;
}

export interface SignInFailureRow {
  readonly key: string;
  readonly count: number;
  readonly last: Date;
  readonly until: Date;
}

export interface BrowserSessionRow {
  readonly id: string;
  readonly sid: string | null;
  readonly subject: string | null;
  readonly factorKey: string;
  readonly sealed: Buffer;
  readonly started: Date;
  readonly seen: Date;
  readonly refreshing: Date | null;
  readonly expires: Date;
}

export interface PendingRow {
  readonly id: string;
  readonly kind: string;
  readonly factorKey: string;
  readonly sealed: Buffer;
  readonly expires: Date;
}

const schema = 'heddle';
const keyOf = (table: string) => ({ primary: true, primaryKeyConstraintName: `${table}_pkey` }) as const;
const maybe = { type: 'text', nullable: true } as const;
const texts = { type: 'text', array: true, default: () => "'{}'" } as const;
const now = { type: 'timestamptz', default: () => 'now()' } as const;

const ofTenant = (table: string, nullable: boolean) => ({
  type: 'int4' as const,
  nullable,
  foreignKey: { target: 'tenant', inverseSide: 'id', name: `${table}_tenant_fkey` },
});

export const accountTable = new EntitySchema<AccountRow>({
  name: 'account',
  schema,
  columns: {
    id: { type: 'uuid', ...keyOf('account') },
    tenant: ofTenant('account', false),
    username: { type: 'text' },
    password: { type: 'text' },
    roles: { type: 'text', array: true },
    fhirUser: { name: 'fhir_user', type: 'text', nullable: true },
    disabled: { type: 'boolean', default: false },
    demo: { type: 'boolean', default: false },
    email: maybe,
    emailVerified: { name: 'email_verified', type: 'boolean', default: false },
    firstName: { name: 'first_name', ...maybe },
    lastName: { name: 'last_name', ...maybe },
    factorKey: { name: 'factor_key', ...maybe },
    totp: { type: 'bytea', nullable: true },
    totpStep: { name: 'totp_step', type: 'int8', default: 0 },
    recovery: texts,
    recoveryUsed: { name: 'recovery_used', type: 'int4', default: 0 },
  },
  uniques: [{ name: 'account_username_key', columns: ['username'] }],
});

export const clientTable = new EntitySchema<ClientRow>({
  name: 'client',
  schema,
  columns: {
    id: { type: 'text', ...keyOf('client') },
    tenant: ofTenant('client', true),
    secret: { type: 'text', nullable: true },
    grants: { type: 'text', array: true },
    roles: { type: 'text', array: true },
    demo: { type: 'boolean', default: false },
    name: maybe,
    redirects: texts,
    postLogouts: { name: 'post_logouts', ...texts },
    logoutUrl: { name: 'logout_url', ...maybe },
    jwks: maybe,
    jwksUrl: { name: 'jwks_url', ...maybe },
    scopes: { type: 'text', array: true, nullable: true },
    consent: { type: 'boolean', default: false },
  },
});

export const signInTable = new EntitySchema<SignInRow>({
  name: 'sign_in',
  schema,
  columns: {
    model: { type: 'text', ...keyOf('sign_in') },
    id: { type: 'text', collation: 'C', ...keyOf('sign_in') },
    payload: { type: 'text' },
    grantId: { name: 'grant_id', ...maybe },
    uid: maybe,
    account: maybe,
    launch: maybe,
    consumed: { type: 'timestamptz', nullable: true },
    expires: { type: 'timestamptz' },
  },
  indices: [
    { name: 'sign_in_grant', columns: ['grantId'] },
    { name: 'sign_in_uid', columns: ['uid'] },
    { name: 'sign_in_account', columns: ['account'] },
    { name: 'sign_in_expires', columns: ['expires'] },
  ],
});

export const signedOutTable = new EntitySchema<SignedOutRow>({
  name: 'signed_out',
  schema,
  columns: {
    kind: { type: 'text', ...keyOf('signed_out') },
    key: { type: 'text', collation: 'C', ...keyOf('signed_out') },
    at: now,
    until: { type: 'timestamptz' },
  },
  checks: [
    {
      name: 'signed_out_kind_check',
      expression: `(kind = ANY (ARRAY['session'::text, 'subject'::text, 'token'::text]))`,
    },
  ],
});

export const signInFailureTable = new EntitySchema<SignInFailureRow>({
  name: 'sign_in_failure',
  schema,
  columns: {
    key: { type: 'text', collation: 'C', ...keyOf('sign_in_failure') },
    count: { type: 'int4' },
    last: { type: 'timestamptz' },
    until: { type: 'timestamptz' },
  },
});

export const browserSessionTable = new EntitySchema<BrowserSessionRow>({
  name: 'browser_session',
  schema,
  columns: {
    id: { type: 'text', collation: 'C', ...keyOf('browser_session') },
    sid: maybe,
    subject: maybe,
    factorKey: { name: 'factor_key', type: 'text' },
    sealed: { type: 'bytea' },
    started: now,
    seen: now,
    refreshing: { type: 'timestamptz', nullable: true },
    expires: { type: 'timestamptz' },
  },
  indices: [
    { name: 'browser_session_sid', columns: ['sid'] },
    { name: 'browser_session_subject', columns: ['subject'] },
  ],
});

export const pendingTable = new EntitySchema<PendingRow>({
  name: 'pending',
  schema,
  columns: {
    id: { type: 'text', collation: 'C', ...keyOf('pending') },
    kind: { type: 'text' },
    factorKey: { name: 'factor_key', type: 'text' },
    sealed: { type: 'bytea' },
    expires: { type: 'timestamptz' },
  },
});

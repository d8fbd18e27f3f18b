/** How people prove themselves at Keycloak: a password, a second factor where it is asked for, or where somebody is of the staff. */

interface Execution {
  readonly authenticator?: string;
  readonly flowAlias?: string;
  readonly authenticatorConfig?: string;
  readonly requirement: string;
}

const step = (authenticator: string, requirement: string, config?: string): Execution => ({
  authenticator,
  requirement,
  ...(config === undefined ? {} : { authenticatorConfig: config }),
});
const within = (flowAlias: string, requirement: string): Execution => ({ flowAlias, requirement });

const flow = (alias: string, description: string, topLevel: boolean, executions: readonly Execution[]) => ({
  alias,
  description,
  providerId: 'basic-flow',
  topLevel,
  builtIn: false,
  authenticationExecutions: executions.map((execution, place) => ({
    ...execution,
    autheticatorFlow: execution.flowAlias !== undefined,
    authenticatorFlow: execution.flowAlias !== undefined,
    priority: (place + 1) * 10,
    userSetupAllowed: false,
  })),
});

const factor = (name: string) =>
  flow(`heddle ${name}`, 'a code of the app, or a recovery code', false, [
    step('auth-otp-form', 'ALTERNATIVE'),
    step('auth-recovery-authn-code-form', 'ALTERNATIVE'),
  ]);

/** `staff`: whoever has that role needs the second factor each time. */
export const authenticationFlows = (staff: boolean) => [
  flow('heddle browser', 'password, and a second factor where it is asked for', true, [
    step('auth-cookie', 'ALTERNATIVE'),
    within('heddle forms', 'ALTERNATIVE'),
  ]),
  flow('heddle forms', 'what a person is asked', false, [
    within('heddle level 1', 'CONDITIONAL'),
    ...(staff ? [within('heddle staff', 'CONDITIONAL')] : []),
    within('heddle level 2', 'CONDITIONAL'),
  ]),
  flow('heddle level 1', 'a password', false, [
    step('conditional-level-of-authentication', 'REQUIRED', 'heddle level 1'),
    step('auth-username-password-form', 'REQUIRED'),
  ]),
  ...(staff
    ? [
        flow('heddle staff', 'the staff always shows a second factor', false, [
          step('conditional-user-role', 'REQUIRED', 'heddle staff'),
          within('heddle staff factor', 'REQUIRED'),
        ]),
        factor('staff factor'),
      ]
    : []),
  flow('heddle level 2', 'a second factor, for acr mfa', false, [
    step('conditional-level-of-authentication', 'REQUIRED', 'heddle level 2'),
    within('heddle factor', 'REQUIRED'),
  ]),
  factor('factor'),
];

export const authenticatorConfigs = (staff: boolean) => [
  { alias: 'heddle level 1', config: { 'loa-condition-level': '1', 'loa-max-age': '36000' } },
  { alias: 'heddle level 2', config: { 'loa-condition-level': '2', 'loa-max-age': '36000' } },
  ...(staff ? [{ alias: 'heddle staff', config: { condUserRole: 'staff', negate: 'false' } }] : []),
];

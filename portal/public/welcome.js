/** The first page: signs in, sends one FHIR request and shows the answer; keeps the token in this page's memory only. */

const element = (id) => document.getElementById(id);
const tokenPath = '/realms/heddle/protocol/openid-connect/token';
const state = { token: undefined };

const example = {
  resourceType: 'Patient',
  name: [{ family: 'Rao', given: ['Asha'] }],
  gender: 'female',
  birthDate: '1987-03-14',
};
element('resource').value = JSON.stringify(example, undefined, 2);

const show = (target, text, isFault = false) => {
  target.textContent = text;
  target.classList.toggle('fault', isFault);
};

const claimsOf = (token) =>
  JSON.parse(
    new TextDecoder().decode(
      Uint8Array.from(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (char) =>
        char.charCodeAt(0),
      ),
    ),
  );

const tellState = async () => {
  try {
    const { ready, parts } = await (await fetch('/readyz')).json();
    const waiting = parts.filter((part) => !part.ready).map(({ name, reason }) => `${name}: ${reason}`);
    show(element('state'), ready ? 'Heddle is ready' : waiting.join(', '), !ready);
  } catch {
    show(element('state'), 'Heddle does not answer', true);
  }
};

const signIn = async (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'heddle-cli', ...Object.fromEntries(fields) });
  const answer = await fetch(tokenPath, { method: 'POST', body });
  const button = element('request').querySelector('button');
  if (!answer.ok) {
    state.token = undefined;
    button.disabled = true;
    show(element('who'), 'That account and password do not fit. Try doctor and heddle.', true);
    return;
  }
  state.token = (await answer.json()).access_token;
  const { preferred_username: name, tenant, realm_access: access } = claimsOf(state.token);
  button.disabled = false;
  show(element('who'), `Signed in as ${name}, role ${access.roles.join(', ')}, tenant ${tenant}.`);
};

/** What an OperationOutcome says, in words; else the resource as it came. */
const wordsOf = (resource) =>
  resource.resourceType === 'OperationOutcome'
    ? resource.issue.map(({ diagnostics, expression }) => [...(expression ?? []), diagnostics].join(': ')).join('\n')
    : JSON.stringify(resource, undefined, 2);

const send = async (event) => {
  event.preventDefault();
  const text = element('resource').value;
  const answerPlace = element('answer');
  let type;
  try {
    type = JSON.parse(text).resourceType;
  } catch {
    show(answerPlace, 'This is not JSON yet: look for a missing comma or quotation mark.', true);
    return;
  }
  const headers = { Authorization: `Bearer ${state.token}`, 'Content-Type': 'application/fhir+json' };
  const answer = await fetch(`/fhir/${encodeURIComponent(type ?? '')}`, { method: 'POST', headers, body: text });
  const said = document.createElement('p');
  const where = answer.headers.get('Location');
  const path = where ? new URL(where).pathname.replace(/\/_history\/.*/, '') : '';
  said.textContent = answer.ok ? `Stored at ${path}, and read from there:` : `Refused with ${answer.status}:`;
  said.classList.toggle('fault', !answer.ok);
  const shown = document.createElement('pre');
  shown.tabIndex = 0;
  shown.textContent = wordsOf(await (answer.ok ? await fetch(path, { headers }) : answer).json());
  answerPlace.classList.remove('fault');
  answerPlace.replaceChildren(said, shown);
};

/** A page that fails says so where the person looks. */
const orTell = (work) => (event) =>
  work(event).catch(() => show(element('state'), 'Heddle does not answer; try again in a moment', true));

element('sign-in').addEventListener('submit', orTell(signIn));
element('request').addEventListener('submit', orTell(send));
void tellState();

/** References by canonical addresses, in whichever way a reference can be searched: a version that is named is that one, without one any. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { finds, idsIn, putAll, refer, searched } from './searching.ts';

const questionnaire = (id: string, version: string | undefined, status = 'active'): Json => ({
  ...{ resourceType: 'Questionnaire', id, status, url: 'http://ex/q' },
  ...(version === undefined ? {} : { version }),
});
const answered = (id: string, questionnaire_: string, rest: Json = {}): Json => ({
  ...{ resourceType: 'QuestionnaireResponse', id, status: 'completed', questionnaire: questionnaire_ },
  ...rest,
});
const planned = (id: string, address: string): Json => ({
  ...{ resourceType: 'CarePlan', id, status: 'active', intent: 'plan', subject: refer('Patient/p') },
  instantiatesCanonical: [address],
});

describe('a search by canonical references', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      { resourceType: 'Patient', id: 'p', name: [{ family: 'Smith' }] },
      ...[
        questionnaire('one', '1.0', 'retired'),
        questionnaire('two', '2.0'),
        questionnaire('none', undefined, 'draft'),
      ],
      answered('to-one', 'http://ex/q|1.0'),
      answered('to-two', 'http://ex/q|2.0', { subject: refer('Patient/p') }),
      answered('to-sub', 'http://ex/q|2.0.1'),
      answered('to-twenty', 'http://ex/q|20'),
      answered('to-any', 'http://ex/q', { status: 'in-progress' }),
      answered('to-other', 'http://ex/other'),
      answered('to-here', `${server.url}/fhir/Questionnaire/two`),
      { resourceType: 'PlanDefinition', id: 'plan', status: 'active', url: 'http://ex/plan', version: 'A' },
      ...[planned('of-plan', 'http://ex/plan'), planned('of-plan-b', 'http://ex/plan|B')],
    ]);
  });
  after(() => server.close());

  finds(() => admin, {
    'QuestionnaireResponse?questionnaire=http://ex/q|2.0': 'to-two',
    'QuestionnaireResponse?questionnaire=http://ex/q': 'to-any to-one to-sub to-twenty to-two',
    // R4 search.html#versions.
    'QuestionnaireResponse?questionnaire:below=http://ex/q': 'to-any to-one to-sub to-twenty to-two',
    'QuestionnaireResponse?questionnaire:below=http://ex/q|2': 'to-sub to-two',
    'QuestionnaireResponse?questionnaire:below=http://ex/q|2.0': 'to-sub to-two',
    'QuestionnaireResponse?questionnaire=Questionnaire/two': 'to-any to-here to-two',
    'QuestionnaireResponse?questionnaire=two': 'to-any to-here to-two',
    'QuestionnaireResponse?questionnaire:Questionnaire=two': 'to-any to-here to-two',
    'QuestionnaireResponse?questionnaire=Questionnaire/none': 'to-any',
    'QuestionnaireResponse?questionnaire=Questionnaire/nobody': '',
    'QuestionnaireResponse?questionnaire.status=active': 'to-any to-here to-two',
    'QuestionnaireResponse?questionnaire.status=retired': 'to-any to-one',
    'QuestionnaireResponse?questionnaire:Questionnaire.version=1.0': 'to-any to-one',
    'QuestionnaireResponse?_filter=questionnaire.status eq retired': 'to-any to-one',
    'QuestionnaireResponse?_filter=questionnaire re Questionnaire/one': 'to-any to-one',
    'Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed': 'one two',
    'Questionnaire?_has:QuestionnaireResponse:questionnaire:status=in-progress': 'none one two',
    'Questionnaire?_has:QuestionnaireResponse:questionnaire:patient.family=smith': 'two',
    'Patient?_has:QuestionnaireResponse:patient:questionnaire.status=active': 'p',
    'Patient?_has:QuestionnaireResponse:patient:questionnaire.status=draft': '',
    'Questionnaire?url=http://ex/q|2.0': 'two',
    'Questionnaire?url=http://ex/q|2.0,http://ex/q|1.0': 'one two',
    'Questionnaire?url=http://ex/q|3': '',
    'QuestionnaireResponse?questionnaire.url=http://ex/q|1.0': 'to-any to-one',
    'PlanDefinition?url=http://ex/plan|a': 'plan',
    'CarePlan?instantiates-canonical.version=A': 'of-plan',
    'CarePlan?instantiates-canonical=PlanDefinition/plan': 'of-plan',
    'CarePlan?instantiates-canonical=plan': 'of-plan',
    'PlanDefinition?_has:CarePlan:instantiates-canonical:status=active': 'plan',
  });

  const included: Readonly<Record<string, string>> = {
    'Questionnaire?_id=two&_revinclude=QuestionnaireResponse:questionnaire': 'to-any to-here to-two',
    'Questionnaire?_id=none&_revinclude=QuestionnaireResponse:questionnaire': 'to-any',
    'PlanDefinition?_id=plan&_revinclude=CarePlan:instantiates-canonical': 'of-plan',
    'QuestionnaireResponse?_id=to-two&_include=QuestionnaireResponse:questionnaire': 'two',
    'QuestionnaireResponse?_id=to-any&_include=QuestionnaireResponse:questionnaire': 'none one two',
  };
  for (const [path, wanted] of Object.entries(included))
    it(`${path} brings ${wanted}`, async () => {
      const { body, text } = await searched(admin, path);
      expect(idsIn(body, 'include').toSorted().join(' '), text).to.equal(wanted);
    });

  it('is what the resources are now', async () => {
    const path = 'QuestionnaireResponse?questionnaire=Questionnaire/moves';
    await putAll(admin, [{ ...questionnaire('moves', '1'), url: 'http://ex/other' }]);
    expect(idsIn((await searched(admin, path)).body)).to.deep.equal(['to-other']);
    await putAll(admin, [{ ...questionnaire('moves', '1'), url: 'http://ex/gone' }]);
    expect(idsIn((await searched(admin, path)).body)).to.deep.equal([]);
  });

  it('has no :above', async () => {
    refusedWith(
      await searched(admin, 'QuestionnaireResponse?questionnaire:above=http://ex/q'),
      400,
      'invalid',
      /above/,
    );
  });
});

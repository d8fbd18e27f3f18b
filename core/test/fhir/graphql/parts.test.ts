import { expect } from 'chai';
import { refusedGraphql } from '../../../src/fhir/graphql/refusal.ts';
import { readDocument } from '../../../src/fhir/graphql/document.ts';
import { longestAnswer, openMeter } from '../../../src/fhir/graphql/meter.ts';
import { graphqlParameters, readVariables } from '../../../src/fhir/graphql/request.ts';
import { argumentName, reverseParameter, searchParameters } from '../../../src/fhir/graphql/search-arguments.ts';
import { readPlace, placeText } from '../../../src/platform/graphql/cursor.ts';

const messageOf = (text: string): string => {
  const read = readDocument(text);
  return 'faults' in read ? (read.faults[0]?.message ?? '') : '';
};

describe('the parts of FHIR GraphQL', () => {
  it('read a request in each of its forms', () => {
    expect(graphqlParameters('application/graphql', '{ a }')).to.eql([['query', '{ a }']]);
    expect(graphqlParameters('application/json', '{"query":"{ a }","variables":{"x":1},"operationName":"A"}')).to.eql([
      ['query', '{ a }'],
      ['operationName', 'A'],
      ['variables', '{"x":1}'],
    ]);
    expect(graphqlParameters('application/json', '{"query":"{ a }","variables":null,"operationName":null}')).to.eql([
      ['query', '{ a }'],
    ]);
    expect(graphqlParameters('text/plain', '{ a }')).to.equal(undefined);
    for (const text of ['{', 'null', '{"query":3}', '{"query":"","operationName":1}'])
      expect(() => graphqlParameters('application/json', text), text).to.throw(/body is/);
    expect(readVariables(null)).to.eql({});
    expect(readVariables('{"a":[1]}')).to.eql({ a: [1] });
    expect(() => readVariables('[1]')).to.throw(/JSON object/);
  });

  it('weigh a document before anything walks over it', () => {
    expect(messageOf('{ a { b } }')).to.equal('');
    expect(messageOf(`{ a ${'('.repeat(101)}`)).to.match(/more than 100 brackets/);
    expect(messageOf('"'.repeat(99_999))).to.match(/Syntax Error|words and signs/);
    expect(messageOf('query { ...A } fragment A on X { ...A }')).to.match(/comes back to itself/);
    expect(messageOf('query { ...A ...B } fragment A on X { ...B } fragment B on X { id }')).to.equal('');
    expect(messageOf(`{ ${'a { '.repeat(29)} a ${'}'.repeat(29)} }`)).to.equal('');
    expect(messageOf(`{ ${'a { '.repeat(30)} a ${'}'.repeat(30)} }`)).to.match(/goes 31 fields deep/);
    const doubling = Array.from({ length: 500 }, (_, n) => `fragment F${n} on X { ...F${n + 1} ...F${n + 1} }`);
    expect(messageOf(`{ ...F0 } ${doubling.join(' ')} fragment F500 on X { id }`)).to.match(/fields, fragments/);
  });

  it('write search parameters as GraphQL has them, lists as alternatives, commas as commas', () => {
    const parameter = (code: string, target?: readonly string[]) => ({
      ...{ url: code, code, type: target ? ('reference' as const) : ('token' as const), base: ['Condition'] },
      ...(target ? { target } : {}),
    });
    const searchable = () => [parameter('clinical-status'), parameter('patient', ['Patient']), parameter('_id')];
    expect(argumentName('clinical-status')).to.equal('clinical_status');
    const given = new Map([
      ['clinical_status', ['active', 'a,b']],
      ['_count', ['5']],
      ['fhirpath', ['true']],
    ]);
    const query = searchParameters('Condition', given, searchable);
    expect([...query]).to.eql([
      ['clinical-status', 'active,a\\,b'],
      ['_count', '5'],
    ]);
    expect(() => searchParameters('Condition', new Map([['wings', ['2']]]), searchable)).to.throw(/searched by wings/);
    expect(reverseParameter('Condition', ['patient'], 'Patient', searchable)).to.equal('patient');
    for (const name of ['clinical_status', 'patient', 'nothing'])
      expect(() => reverseParameter('Condition', [name], 'Group', searchable), name).to.throw(/no reference parameter/);
  });

  it('meter an answer and the time of its FHIRPath', () => {
    let seconds = 0;
    const meter = openMeter(() => seconds);
    meter.spend(longestAnswer);
    expect(meter.over()).to.equal(undefined);
    expect(() => meter.spend(1)).to.throw(/longer than/);
    const other = openMeter(() => seconds);
    expect(other.timed(() => 7)).to.equal(7);
    other.timed(() => (seconds += 0.75));
    expect(other.over()).to.equal(undefined);
    other.timed(() => (seconds += 0.5));
    expect(other.over()?.message).to.match(/FHIRPath of the query takes too long/);
    expect(() => other.timed(() => 7)).to.throw(/too long/);
    expect(() => other.spend(1)).to.throw(/too long/);
  });

  it('hand out cursors and take back no others', () => {
    const place = readPlace(placeText({ offset: 3, query: new URLSearchParams('name=a b&_count=3') }));
    expect([place.offset, place.query.get('name'), place.query.get('_count')]).to.eql([3, 'a b', '3']);
    for (const text of ['', 'mine', Buffer.from('x y').toString('base64url')])
      expect(() => readPlace(text), text).to.throw(/_cursor/);
  });

  it('tell any refusal in the form of GraphQL', () => {
    const outcome = {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'login', diagnostics: 'who?' }],
    };
    expect(JSON.parse(refusedGraphql(JSON.stringify(outcome)).body)).to.eql({
      errors: [{ message: 'who?', extensions: { resource: outcome } }],
    });
  });
});

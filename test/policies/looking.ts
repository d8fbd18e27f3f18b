/** What is asked to see something, verb by verb, and how each answer is held against what may be seen by hand. */
import { expect } from 'chai';
import { at, listAt, textAt, type Json } from '../conformance/asked.ts';
import { isInCompartment, naiveIncluded, naiveSearch, type Asked } from '../conformance/naive-search.ts';
import { ids } from '../conformance/search-pools.ts';
import { bodyOf } from '../../core/src/fhir/body.ts';
import { isTracked, keyOf, keysOf, type Came, type Field } from './field.ts';

/** What a question looks at of the type itself; undefined: of all of it. */
const codesOf = (asked: readonly Asked[]): string[] | undefined => {
  const codes = asked.map(({ name }) => name.split(/[:.]/)[0] ?? '');
  if (codes.some((code) => ['_filter', '_text', '_content'].includes(code))) return undefined;
  return codes.filter((code) => !code.startsWith('_'));
};

const withoutMeta = ({ meta: _meta, ...rest }: Json): Json => rest;

export type Generators = Readonly<Record<string, () => Promise<void>>>;

export const lookingAt = (field: Field): Generators => {
  const { cases, records, resources, versions, naive, send, sendAll, judge, somebody, some, queryOf, told, random } =
    field;
  const { pick, whole } = random;

  /** What is not seen is refused in the words in which what does not exist is refused. */
  const asNothing = async (
    came: Came,
    type: string,
    again: (id: string) => Promise<Came>,
    id: string,
  ): Promise<void> => {
    const before = told();
    const none = await again('nothing-such');
    expect([came.status, came.text], before).to.deep.equal([none.status, none.text.replaceAll(`nothing-such`, id)]);
    expect(came.status, before).to.equal(judge().permitted(type) ? 404 : 403);
  };

  const isShown = (resource: Json, body: Json | undefined): void => {
    if (!body) return expect.fail(`nothing is shown of ${keyOf(resource)}, ${told()}`);
    const shown = judge().shownOf(resource);
    const { resourceType, id, ...rest } = withoutMeta(resource);
    const required = new Set(['status', 'code', 'subject']);
    const wanted = shown
      ? Object.fromEntries(
          Object.entries(rest).filter(
            ([name]) => shown.includes(name) || (required.has(name) && resourceType !== 'Patient'),
          ),
        )
      : rest;
    expect(withoutMeta(body), told()).to.deep.equal({ resourceType, id, ...wanted });
  };

  /** Types that the question reaches; where one of them is shown in part, other rules hold for what is asked of it. */
  const reached = (asked: readonly Asked[], type: string): string[] => [
    type,
    ...records.types.filter((each) => asked.some(({ name }) => reaches(name, each))),
  ];
  const reaches = (name: string, type: string): boolean => {
    if (name.startsWith('_has:') || name === '_filter' || name.startsWith('questionnaire')) return true;
    return name.includes('.') && type !== 'RiskAssessment' && type !== 'ValueSet';
  };

  /** What the caller may find, or undefined where the question itself must be refused. */
  const wantedOf = (type: string, asked: readonly Asked[]): Json[] | 'refused' | 'unsaid' => {
    const seen = judge();
    if (!seen.permitted(type)) return 'refused';
    const others = reached(asked, type).filter((each) => each !== type);
    // A chain to what may not be searched at all is refused or left out: that is the table's, and tested there.
    if (others.some((each) => !seen.permitted(each) || seen.isPart(each))) return 'unsaid';
    const codes = codesOf(asked);
    if (seen.isPart(type)) {
      if (codes === undefined) return 'unsaid';
      if (!seen.mayAsk(type, codes)) return 'refused';
    }
    const rows = new Set(seen.looked(type, codes ?? []));
    const visible = [...resources.values()].filter((each) =>
      textAt(each, 'resourceType') === type ? rows.has(each) : seen.isSeen(each),
    );
    return naiveSearch(naive(visible), type, asked);
  };

  const search = async (): Promise<void> => {
    const type = pick(records.types);
    const asked = some(type);
    const include = whole(3) === 0 ? cases.include(type) : undefined;
    const [name = '', value = ''] = include?.split('=', 2) ?? [];
    const more = { _count: '100', _total: 'accurate', ...(include ? { [name]: value } : {}) };
    const found = await send({ verb: 'search-type', type, query: queryOf(asked, more) });
    const wanted = wantedOf(type, asked);
    if (wanted === 'unsaid') return onlySeen(found);
    if (wanted === 'refused') return void expect(found.status, told()).to.equal(403);
    expect(found.status, `${told()} ${found.text}`).to.equal(200);
    expect(keysOf(found.body, 'match'), told()).to.deep.equal(wanted.map(keyOf).toSorted());
    expect(at(found.body, 'total'), told()).to.equal(wanted.length);
    onlySeen(found);
    if (include && !judge().isPart(type)) {
      const seen = [...resources.values()].filter(judge().isSeen);
      const brought = naiveIncluded(naive(seen), wanted, value, name === '_revinclude').map(keyOf);
      const matched = new Set(wanted.map(keyOf));
      if (![...judgeTypes(value)].some((each) => judge().isPart(each)))
        expect(keysOf(found.body, 'include'), told()).to.deep.equal(
          brought.filter((key) => !matched.has(key)).toSorted(),
        );
    }
  };
  const judgeTypes = (include: string): readonly string[] =>
    include.split(':').filter((word) => records.types.includes(word));

  /** Whatever it is, it shows nothing that is not seen, and of that no more than is shown. */
  const onlySeen = (found: Came): void => {
    for (const entry of listAt(found.body, 'entry')) {
      const shown = at(entry, 'resource') as Json | undefined;
      if (!shown || at(shown, 'resourceType') === 'OperationOutcome') continue;
      const resource = resources.get(keyOf(shown));
      expect(resource && judge().isSeen(resource), `${keyOf(shown)} is shown, ${told()}`).to.equal(true);
      if (resource) isShown(resource, shown);
    }
  };

  const inHistory = (found: Came, of: readonly string[]): void => {
    const wanted = of.flatMap((key) => {
      const [now, all = []] = [resources.get(key), versions.get(key)];
      if (!now || !judge().isSeen(now)) return [];
      return all.flatMap((each, place) => (isTracked(each) && judge().isSeen(each) ? [`${key} ${place + 1}`] : []));
    });
    const shown = listAt(found.body, 'entry').flatMap((entry) => {
      const version = at(entry, 'resource');
      if (version === undefined) return [];
      const [key, number] = [keyOf(version), textAt(version, 'meta', 'versionId')];
      return isTracked(versions.get(key)?.[Number(number) - 1]) ? [`${key} ${number}`] : [];
    });
    expect(shown.toSorted(), told()).to.deep.equal(wanted.toSorted());
  };

  return {
    read: async () => {
      const [type, id] = somebody();
      const again = (one: string): Promise<Came> => send({ verb: 'read', type, id: one });
      const found = await again(id);
      const resource = resources.get(`${type}/${id}`);
      if (!resource || !judge().isSeen(resource)) return asNothing(found, type, again, id);
      isShown(resource, found.body);
    },
    vread: async () => {
      const [type, id] = somebody();
      const all = versions.get(`${type}/${id}`) ?? [];
      const place = whole(all.length + 1);
      const version = all[place];
      const again = (one: string): Promise<Came> => send({ verb: 'vread', type, id: one, version: String(place + 1) });
      const found = await again(id);
      const now = resources.get(`${type}/${id}`);
      if (version && !isTracked(version)) return;
      if (!version || !now || !judge().isSeen(now) || !judge().isSeen(version))
        return asNothing(found, type, again, id);
      expect(found.status, told()).to.equal(200);
    },
    'search-type': search,
    'search-compartment': async () => {
      const id = pick(ids);
      const member = pick(['Observation', 'RiskAssessment', '*']);
      const found = await send({
        verb: 'search-compartment',
        type: 'Patient',
        id,
        member,
        query: new URLSearchParams({ _count: '100' }),
      });
      if (found.status === 403) return;
      const patient = resources.get(`Patient/${id}`) ?? expect.fail();
      const wanted = [...resources.values()].filter(
        (each) =>
          (member === '*' || textAt(each, 'resourceType') === member) &&
          judge().isSeen(each) &&
          (isInCompartment(naive(), each, patient) || (member === '*' && each === patient)),
      );
      if (member !== '*' || !judge().isPart('Patient'))
        expect(keysOf(found.body, 'match'), told()).to.deep.equal(wanted.map(keyOf).toSorted());
      onlySeen(found);
    },
    'search-system': async () => {
      const asked = [cases.common()];
      const found = await send({ verb: 'search-system', query: queryOf(asked, { _count: '200' }) });
      const types = records.types.filter((type) => judge().permitted(type));
      if (found.status === 403) return;
      onlySeen(found);
      if (types.some((type) => judge().isPart(type))) return;
      const wanted = types.flatMap((type) =>
        naiveSearch(naive([...resources.values()].filter(judge().isSeen)), type, asked),
      );
      expect(keysOf(found.body, 'match'), told()).to.deep.equal(wanted.map(keyOf).toSorted());
    },
    'history-instance': async () => {
      const [type, id] = somebody();
      const again = (one: string): Promise<Came> =>
        send({ verb: 'history-instance', type, id: one, query: new URLSearchParams({ _count: '100' }) });
      const found = await again(id);
      if (found.status === 404 || found.status === 403) {
        const now = resources.get(`${type}/${id}`);
        if (now && judge().isSeen(now) && found.status === 404)
          return inHistory({ ...found, body: {} }, [`${type}/${id}`]);
        return asNothing(found, type, again, id);
      }
      inHistory(found, [`${type}/${id}`]);
    },
    'history-type': async () => {
      const type = pick(records.types);
      const found = await sendAll({ verb: 'history-type', type }, pick(['7', '50']));
      if (found.status === 403) return void expect(judge().permitted(type), told()).to.equal(false);
      inHistory(
        found,
        ids.map((id) => `${type}/${id}`),
      );
    },
    'history-system': async () => {
      const found = await sendAll({ verb: 'history-system' }, '200');
      inHistory(
        found,
        records.types.filter((type) => judge().permitted(type)).flatMap((type) => ids.map((id) => `${type}/${id}`)),
      );
    },
    batch: async () => {
      const types = records.types.map((type) => [type, pick(ids)] as const);
      const entry = types.map(([type, id]) => ({ request: { method: 'GET', url: `${type}/${id}` } }));
      const found = await send({ verb: 'batch', body: bodyOf({ resourceType: 'Bundle', type: 'batch', entry }) });
      expect(found.status, told()).to.equal(200);
      for (const [place, [type, id]] of types.entries()) {
        const resource = resources.get(`${type}/${id}`);
        const shown = at(found.body, 'entry', place, 'resource');
        if (resource && judge().isSeen(resource)) isShown(resource, shown as Json | undefined);
        else expect(shown, told()).to.equal(undefined);
      }
    },
    operation: async () => {
      const query =
        '{ PatientList(_count: 100) { id name { family } telecom { value } } ObservationList(_count: 100) { id } }';
      const found = await send({ verb: 'operation', name: 'graphql', query: new URLSearchParams({ query }) });
      const shown = listAt(found.body, 'data', 'PatientList');
      const wanted = ids.filter((id) => {
        const now = resources.get(`Patient/${id}`);
        return now && judge().isSeen(now);
      });
      if (judge().permitted('Patient'))
        expect(shown.map((each) => textAt(each, 'id')).toSorted(), told()).to.deep.equal(wanted.toSorted());
      for (const each of shown) {
        const now = resources.get(`Patient/${textAt(each, 'id')}`) ?? expect.fail();
        if (!judge().isWhole(now)) expect(listAt(each, 'telecom'), told()).to.deep.equal([]);
      }
    },
  };
};

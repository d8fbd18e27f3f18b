/** Random policies and callers, and by hand what each caller may see of all resources: the naive half of the fuzz test of policies. */
import type { Seeded } from '../../core/test/seeded.ts';
import type { Grant, RoleFile } from '../../core/src/policy/role-file.ts';
import { textAt, type Json } from '../conformance/asked.ts';
import { isInCompartment, naiveAnswers, type Asked, type NaiveWorld } from '../conformance/naive-search.ts';
import type { openCases } from '../conformance/search-cases.ts';
import { ids } from '../conformance/search-pools.ts';

export const seeing = [...['read', 'vread', 'search-type', 'search-compartment', 'history-instance', 'history-type']];
export const writing = ['create', 'update', 'patch', 'delete'];
export const asking = ['search-system', 'history-system', 'operation', 'batch', 'transaction', 'deferred-read'];

/** Elements that one way shows, and the parameters that look at nothing else. */
const parts: Readonly<Record<string, { readonly show: readonly string[]; readonly codes: readonly string[] }>> = {
  Organization: { show: ['name', 'alias'], codes: ['name'] },
  Patient: { show: ['name', 'gender', 'active'], codes: ['family', 'given', 'name', 'gender', 'active'] },
  ValueSet: { show: ['url', 'status'], codes: ['url', 'status'] },
};

/** One criterion as the file writes it and as the naive search reads it. */
interface Criterion {
  readonly text: string;
  readonly asked: readonly Asked[];
}

interface NaiveGrant {
  readonly where?: readonly Criterion[];
  readonly patients?: readonly Criterion[];
  readonly show?: readonly string[];
  /** By which parameters a row may be looked for that is shown in part. */
  readonly codes?: readonly string[];
}

export interface Policy {
  readonly file: RoleFile;
  readonly types: ReadonlyMap<string, readonly NaiveGrant[]>;
}

const textOf = (asked: readonly Asked[]): string =>
  new URLSearchParams(asked.map(({ name, value }): [string, string] => [name, value])).toString();

/** What a word of a row names is looked for behind the index, which criteria cannot. */
const isPlain = ({ name }: Asked): boolean => !/^_(filter|text|content)|:(text|above|below)$|^_lastUpdated/.test(name);

export const openPolicies = (
  { pick, whole }: Seeded,
  cases: ReturnType<typeof openCases>,
  types: readonly string[],
) => {
  const criterion = (type: string): Criterion => {
    const asked: Asked[] = [];
    while (asked.length === 0 || whole(4) === 0) {
      const one = cases.question(type);
      if (isPlain(one)) asked.push(one);
    }
    return { text: textOf(asked), asked };
  };
  const some = <T>(make: () => T): T[] => Array.from({ length: 1 + whole(2) }, make);

  const grantOf = (type: string): NaiveGrant => {
    const narrowed: NaiveGrant = pick([
      () => ({ where: some(() => criterion(type)) }),
      () => ({ patients: [] }),
      () => ({ patients: [], where: some(() => criterion(type)) }),
    ])();
    // What belongs to no patient cannot be narrowed by patients.
    const { patients: _patients, ...rest } = narrowed;
    const belongs = type === 'Patient' || type === 'Observation' || type === 'RiskAssessment';
    return belongs ? narrowed : { ...rest, where: narrowed.where ?? [criterion(type)] };
  };

  const grantsOf = (type: string): readonly NaiveGrant[] => {
    const part = parts[type];
    return pick([
      () => [],
      () => [{}],
      () => some(() => grantOf(type)),
      () => some(() => grantOf(type)),
      () =>
        part ? [...some(() => grantOf(type)), { ...part, ...pick([{}, grantOf(type)]) }] : some(() => grantOf(type)),
    ])();
  };

  return (): Policy => {
    const circle = pick([
      [{ text: '_id=%patient', asked: [{ name: '_id', value: '%patient' }] }],
      some(() => criterion('Patient')),
    ]);
    const grants = new Map(
      types.map((type) => [type, grantsOf(type).map((each) => (each.patients ? { ...each, patients: circle } : each))]),
    );
    const written = ({ where, patients, show }: NaiveGrant): Grant => ({
      may: show ? seeing : [...seeing, ...writing],
      ...(where ? { where: where.map(({ text }) => text) } : {}),
      ...(patients ? { patients: 'circle' } : {}),
      ...(show ? { show } : {}),
    });
    const rows = Object.fromEntries([...grants].map(([type, all]) => [type, all.map(written)]));
    return {
      file: {
        groups: {},
        patients: { circle: circle.map(({ text }) => text) },
        roles: { some: { ...rows, system: asking } },
      },
      types: grants,
    };
  };
};

/** What one caller may see, judged by hand over all resources. */
export const openJudge = (world: NaiveWorld, { types }: Policy, patient: string) => {
  const filled = (asked: readonly Asked[]): Asked[] =>
    asked.map((each) => (each.value === '%patient' ? { ...each, value: patient } : each));
  const typeOf = (resource: Json): string => textAt(resource, 'resourceType');
  const answers = (resource: Json, { asked }: Criterion): boolean => naiveAnswers(world, resource, filled(asked));

  const covers = ({ where, patients }: NaiveGrant, type: string): ((resource: Json) => boolean) => {
    const owners = world.resources.filter(
      (each) => typeOf(each) === 'Patient' && patients?.some((one) => answers(each, one)),
    );
    const belongs = (resource: Json): boolean => {
      if (!patients) return true;
      if (type === 'Patient') return patients.some((one) => answers(resource, one));
      return owners.some((each) => isInCompartment(world, resource, each));
    };
    return (resource) => belongs(resource) && (where?.some((one) => answers(resource, one)) ?? true);
  };

  const ways = new Map(
    [...types].map(([type, grants]) => [type, grants.map((grant) => ({ grant, covers: covers(grant, type) }))]),
  );
  const known = new Map<Json, readonly NaiveGrant[]>();
  /** Of a resource of this world, or of one as it was or would be in it. */
  const waysFor = (resource: Json): readonly NaiveGrant[] => {
    const mine =
      known.get(resource) ??
      (ways.get(typeOf(resource)) ?? []).filter((each) => each.covers(resource)).map(({ grant }) => grant);
    known.set(resource, mine);
    return mine;
  };

  return {
    permitted: (type: string): boolean => (types.get(type) ?? []).length > 0,
    /** Undefined: all of it. */
    shownOf: (resource: Json): readonly string[] | undefined => {
      const mine = waysFor(resource);
      return mine.some(({ show }) => !show) ? undefined : mine.flatMap(({ show }) => show ?? []);
    },
    isSeen: (resource: Json): boolean => waysFor(resource).length > 0,
    isWhole: (resource: Json): boolean => waysFor(resource).some(({ show }) => !show),
    /** What of a type a question may look at: rows that show all that it asks for. */
    looked: (type: string, codes: readonly string[]): Json[] =>
      world.resources.filter(
        (resource) =>
          typeOf(resource) === type &&
          waysFor(resource).some(({ show, codes: mine }) => !show || codes.every((code) => mine?.includes(code))),
      ),
    /** Whether some way shows all that is asked for, of any row. */
    mayAsk: (type: string, codes: readonly string[]): boolean =>
      (types.get(type) ?? []).some(({ show, codes: mine }) => !show || codes.every((code) => mine?.includes(code))),
    isPart: (type: string): boolean => (types.get(type) ?? []).some(({ show }) => show !== undefined),
  };
};

export const somePatient = ({ pick }: Seeded): string => pick(ids);

export type Judge = ReturnType<typeof openJudge>;

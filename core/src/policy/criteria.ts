/** Turns a row's criteria into a clause of a search, with who asks in the place of `%names`; a name that stands for nobody finds nothing. */
import { parseQuery } from '../fhir/search/parse/parse.ts';
import type { FoundTypes } from '../fhir/search/found-types.ts';
import type { Clause, Parameters } from '../fhir/search/query.ts';
import type { CompartmentRow } from './compartment.ts';
import { grantsIn, isWhole, system, type Grant, type RoleFile } from './role-file.ts';
import { names, type Name, type Standing } from './standing.ts';

export interface CriteriaNeeds {
  readonly parametersOf: (type: string) => Parameters;
  readonly foundTypes: FoundTypes;
  readonly compartments: readonly CompartmentRow[];
  readonly base: string;
  readonly file: Pick<RoleFile, 'patients' | 'belongs'>;
}

export interface Criteria {
  /** Undefined: every resource of the type. */
  readonly clauseOf: (grant: Grant, type: string, standing: Standing) => Clause | undefined;
  /** Whether resources of a type can belong to a patient at all. */
  readonly canBelong: (type: string) => boolean;
  readonly belongsTo: (type: string, patients: readonly string[]) => Clause;
  /** What search parameters ask of a type; undefined where it does not have them. */
  readonly clauseIn: (type: string, params: URLSearchParams) => Clause | undefined;
  /** What of a grant cannot be meant for a type. */
  readonly faultsIn: (grant: Grant, type: string) => readonly string[];
}

export const nothing: Clause = { kind: 'id', ids: [] };

const named = /%([a-z]+)/g;

const isName = (text: string): text is Name => names.some((each) => each === text);

/** `code=a&patient=%patient` as pairs, with every name replaced; undefined where a value is nothing but nobody. */
const filled = (text: string, standing: Standing): [string, string][] | undefined => {
  const pairs: [string, string][] = [];
  for (const [name, template] of new URLSearchParams(text)) {
    const values = template.split(',').flatMap((value) => {
      const [, who = ''] = /^%([a-z]+)$/.exec(value) ?? [];
      if (!isName(who)) return [value];
      // `_id` takes what the type does not need to be said of.
      return standing[who].map((reference) => (name === '_id' ? reference.replace(/^\w+\//, '') : reference));
    });
    if (values.length === 0) return undefined;
    pairs.push([name, values.join(',')]);
  }
  return pairs;
};

/** Somebody of every kind, to see whether criteria can be read at all. */
const somebody: Standing = {
  patient: ['Patient/x'],
  practitioner: ['Practitioner/x'],
  roles: ['PractitionerRole/x'],
  organizations: ['Organization/x'],
  services: ['HealthcareService/x'],
  places: ['Location/x'],
  self: ['Practitioner/x'],
  opened: ['Patient/x'],
};

export const openCriteria = ({ parametersOf, foundTypes, compartments, base, file }: CriteriaNeeds): Criteria => {
  const { patients = {}, belongs = {} } = file;
  /** The references by which a resource of a type belongs to a patient. */
  const references = new Map<string, readonly string[]>([
    ...compartments
      .filter(({ compartment }) => compartment === 'Patient')
      .map((row) => [row.type, row.params] as const),
    ...Object.entries(belongs),
  ]);

  /** `CareTeam:patient?participant=…`: what one and the same resource that refers here must be. */
  const read = (type: string, text: string, standing: Standing): Clause => {
    const [, of = '', code = '', rest = ''] = /^([A-Z]\w*):([\w-]+)\?(.*)$/.exec(text) ?? [];
    if (of !== '') {
      if (parametersOf(of).get(code)?.type !== 'reference') throw new RangeError(`${of} does not refer by ${code}`);
      const clause = read(of, rest, standing);
      return clause === nothing ? nothing : { kind: 'has', code, arm: { type: of, clause } };
    }
    const pairs = filled(text, standing);
    if (!pairs) return nothing;
    const { query, unknown } = parseQuery(type, pairs, { parametersOf, foundTypes, base });
    const [first] = unknown;
    if (first !== undefined) throw new RangeError(`${type} has no search parameter ${first}`);
    return { kind: 'all', clauses: query.clauses };
  };

  const anyOf = (type: string, texts: readonly string[], standing: Standing): Clause => {
    const clauses = texts.map((text) => read(type, text, standing)).filter((each) => each !== nothing);
    const [only] = clauses;
    if (clauses.length === 0) return nothing;
    return only && clauses.length === 1 ? only : { kind: 'any', clauses };
  };

  /** Patients that are known by their ids need not be looked up. */
  const idsIn = (clause: Clause): readonly string[] | undefined => {
    if (clause.kind === 'all' && clause.clauses.length === 1 && clause.clauses[0]) return idsIn(clause.clauses[0]);
    return clause.kind === 'id' ? clause.ids : undefined;
  };

  const belonging = (type: string, patient: Clause): Clause => {
    if (type === 'Patient') return patient;
    const ids = idsIn(patient);
    if (ids?.length === 0) return nothing;
    const clauses = (references.get(type) ?? []).map((code): Clause => {
      if (ids) return { kind: 'reference', code, values: ids.map((id) => ({ type: 'Patient', id })) };
      return { kind: 'chain', code, arms: [{ type: 'Patient', clause: patient }] };
    });
    return clauses.length === 0 ? nothing : { kind: 'any', clauses };
  };

  const clauseOf: Criteria['clauseOf'] = (grant, type, standing) => {
    const clauses: Clause[] = [];
    // To whom a Binary belongs its security context says.
    if (grant.patients !== undefined && type !== 'Binary')
      clauses.push(belonging(type, anyOf('Patient', patients[grant.patients] ?? [], standing)));
    if (grant.where) clauses.push(anyOf(type, grant.where, standing));
    if (clauses.includes(nothing)) return nothing;
    const [only] = clauses;
    return clauses.length > 1 ? { kind: 'all', clauses } : only;
  };

  return {
    clauseOf,
    canBelong: (type) => type === 'Patient' || references.has(type),
    belongsTo: (type, ids) => belonging(type, { kind: 'id', ids }),
    clauseIn: (type, params) => {
      const { query, unknown } = parseQuery(type, params, { parametersOf, foundTypes, base });
      return unknown.length > 0 ? undefined : { kind: 'all', clauses: query.clauses };
    },
    faultsIn: (grant, type) => {
      const texts = [...(grant.where ?? []), ...(patients[grant.patients ?? ''] ?? [])];
      if (texts.some((text) => /(^|[&.:])(_text|_content|_filter)=|:(text|in|not-in|above|below)=/.test(text)))
        return ['rows cannot be narrowed by words or terminologies: those are looked for beside the index'];
      const strangers = texts.flatMap((text) =>
        [...text.matchAll(named)].filter(([, who = '']) => !isName(who)).map(([who]) => `nobody is called ${who}`),
      );
      if (strangers.length > 0) return strangers;
      if (grant.patients !== undefined && type !== 'Patient' && type !== 'Binary' && !references.has(type))
        return [`a ${type} belongs to no patient: say by which reference it does, under belongs`];
      try {
        clauseOf(grant, type, somebody);
        return [];
      } catch (thrown) {
        return [thrown instanceof Error ? thrown.message : String(thrown)];
      }
    },
  };
};

/** What of the file's criteria cannot be meant, each once. */
export const criteriaFaults = ({ roles, groups }: RoleFile, { faultsIn }: Criteria): string[] =>
  Object.entries(roles).flatMap(([role, rows]) =>
    Object.entries(rows).flatMap(([what, row]) =>
      grantsIn(row)
        .filter((grant) => !isWhole(grant))
        .flatMap((grant) =>
          what === '*' || what === system
            ? [`role ${role}, ${what}: only rows of a type can be narrowed`]
            : (groups[what] ?? [what]).flatMap((type) =>
                faultsIn(grant, type).map((fault) => `role ${role}, ${type}: ${fault}`),
              ),
        ),
    ),
  );

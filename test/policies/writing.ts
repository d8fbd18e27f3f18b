/** What is asked to change something, verb by verb: who may do it succeeds, and nobody else, and what was refused has changed nothing. */
import { expect } from 'chai';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import type { Interaction } from '../../core/src/fhir/interaction.ts';
import { at, listAt, textAt, type Json } from '../conformance/asked.ts';
import { ids } from '../conformance/search-pools.ts';
import type { Came, Field } from './field.ts';
import type { Generators } from './looking.ts';

/** The resources of this server that something refers to. */
const targetsIn = (value: unknown, base: string): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const own = at(value, 'reference');
  const local = typeof own === 'string' ? own.replace(`${base}/`, '') : '';
  const mine = /^[A-Z]\w*\/[\w-]+$/.test(local) ? [local] : [];
  return [...mine, ...Object.values(value).flatMap((each) => targetsIn(each, base))];
};

export const writingTo = (field: Field): Generators => {
  const { records, resources, send, judge, told, random, writes, restore, remove, isAsItWas, base } = field;
  const { pick } = random;

  /** What it refers to anew must be seen as well. */
  const dangles = (made: Json, now: Json | undefined): boolean => {
    const known = new Set(targetsIn(now, base));
    const own = `${textAt(made, 'resourceType')}/${String(made['id'])}`;
    return targetsIn(made, base).some((target) => {
      if (known.has(target) || target === own) return false;
      const resource = resources.get(target);
      return !resource || !judge().isSeen(resource);
    });
  };

  /** Who may write this, now and then, succeeds, and nobody else. */
  const written = async (
    interaction: Omit<Interaction, 'caller'>,
    made: Json,
    now: Json | undefined,
  ): Promise<void> => {
    const { type = '' } = interaction;
    const found = await send(interaction);
    const may = writes(type) && (!now || judge().isWhole(now)) && judge().isWhole(made);
    const lost = dangles(made, now);
    const wanted = lost ? [403, 404, 422] : [403, 404];
    if (may && !lost) expect(found.status, `${told()} ${found.text}`).to.be.oneOf([200, 201]);
    else expect(found.status, `${told()} ${found.text}`).to.be.oneOf(may ? [422] : wanted);
    if (now) {
      if (!may || lost) expect(await isAsItWas(now), told()).to.equal(true);
      await restore(now);
    } else if (found.status === 201) await remove(type, textAt(found.body, 'id'));
  };

  const swept = async (found: Came): Promise<void> => {
    for (const entry of listAt(found.body, 'entry')) {
      const [, type, id] = /(\w+)\/([\w-]{36})\/_history/.exec(String(at(entry, 'response', 'location'))) ?? [];
      if (type && id) await remove(type, id);
    }
  };

  return {
    create: async () => {
      const type = pick(records.types);
      const { id: _id, ...made } = records.make(type, 'new');
      await written({ verb: 'create', type, body: bodyOf({ ...made, resourceType: type }) }, made, undefined);
    },
    update: async () => {
      const [type, id] = [pick(records.types), pick(ids)];
      const made = records.make(type, id);
      await written({ verb: 'update', type, id, body: bodyOf(made as Resource) }, made, resources.get(`${type}/${id}`));
    },
    patch: async () => {
      const id = pick(ids);
      const now = resources.get(`ValueSet/${id}`);
      if (!now) return;
      const made = { ...now, status: 'retired' };
      const patch = { kind: 'json', text: '[{"op":"replace","path":"/status","value":"retired"}]' } as const;
      await written({ verb: 'patch', type: 'ValueSet', id, patch }, made, now);
    },
    delete: async () => {
      const [type, id] = [pick(['Observation', 'RiskAssessment', 'ValueSet']), pick(ids)];
      const now = resources.get(`${type}/${id}`);
      if (!now) return;
      const found = await send({ verb: 'delete', type, id });
      const may = judge().isWhole(now);
      if (may) expect(found.status, told()).to.equal(204);
      else expect(found.status, told()).to.equal(judge().permitted(type) && writes(type) ? 404 : 403);
      if (!may) expect(await isAsItWas(now), told()).to.equal(true);
      await restore(now);
    },
    transaction: async () => {
      // Criteria find only what a search would find.
      const id = pick(ids);
      const resource = { resourceType: 'ValueSet', status: 'active' };
      const entry = [{ request: { method: 'POST', url: 'ValueSet', ifNoneExist: `_id=${id}` }, resource }];
      const found = await send({
        verb: 'transaction',
        body: bodyOf({ resourceType: 'Bundle', type: 'transaction', entry }),
      });
      const now = resources.get(`ValueSet/${id}`);
      if (now && judge().isSeen(now) && writes('ValueSet'))
        expect(at(found.body, 'entry', 0, 'response', 'location'), told()).to.match(new RegExp(`ValueSet/${id}/`));
      else expect(found.text, told()).to.not.contain(`ValueSet/${id}/`);
      await swept(found);
    },
  };
};

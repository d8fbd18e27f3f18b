import { expect } from 'chai';
import { join } from 'node:path';
import { loadRoleFile } from '../../src/config/role-file.ts';
import { nobody, type Caller } from '../../src/fhir/interaction.ts';
import { verbs } from '../../src/interaction/verbs.ts';
import { buildRoleTable } from '../../src/policy/role-table.ts';

const caller = (...roles: string[]): Caller => ({ ...nobody, tenant: 1, subject: 'x', kind: 'user', roles });
const file = {
  groups: { chart: ['Condition', 'Goal'] },
  roles: { doctor: { chart: ['read'], Task: ['create'] }, admin: { '*': ['read'], system: ['operation'] } },
};
const { table } = buildRoleTable(file, ['read', 'create', 'operation']);

describe('the table of roles', () => {
  it('permits what a row says, by group and by type', () => {
    expect(table.judge(caller('doctor'), 'read', 'Goal').permitted).to.equal(true);
    expect(table.judge(caller('doctor'), 'create', 'Task').permitted).to.equal(true);
    expect(table.judge(caller('nurse', 'doctor'), 'read', 'Condition').permitted).to.equal(true);
  });

  it('denies whatever no row says, with a reason', () => {
    expect(table.judge(caller('doctor'), 'create', 'Goal')).to.deep.equal({
      permitted: false,
      reason: 'the role doctor may not create Goal',
    });
    expect(table.judge(caller(), 'read', 'Goal').permitted).to.equal(false);
    expect(table.judge(caller('constructor'), 'read', 'Goal').permitted).to.equal(false);
    expect(table.judge(caller('admin'), 'create', 'Goal').permitted).to.equal(false);
  });

  it("does not take '*' for requests without a type", () => {
    expect(table.judge(caller('admin'), 'read', undefined).permitted).to.equal(false);
    expect(table.judge(caller('admin'), 'operation', undefined).permitted).to.equal(true);
  });

  it('names each word that means nothing', () => {
    const { faults } = buildRoleTable(
      { groups: { g: ['Pateint'] }, roles: { r: { Obsrvation: ['read'], g: ['raed'] } } },
      ['read'],
    );
    expect(faults).to.have.length(3);
  });

  it('is sound as it is shipped', () => {
    const shipped = buildRoleTable(
      loadRoleFile(join(import.meta.dirname, '../../..')),
      verbs.map(({ name }) => name),
    );
    expect(shipped.faults).to.deep.equal([]);
    expect(shipped.table.judge(caller('labtech'), 'create', 'MedicationRequest').permitted).to.equal(false);
    expect(shipped.table.judge(caller('patient'), 'create', 'Observation').permitted).to.equal(false);
    expect(shipped.table.isWhole(caller('admin', 'service', 'nurse'))).to.equal(true);
    expect(shipped.table.isWhole(caller('admin', 'patient'))).to.equal(false);
  });
});

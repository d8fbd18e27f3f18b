import { expect } from 'chai';
import { prettyXml } from '../../../src/fhir/xml/pretty-xml.ts';

describe('XML for people', () => {
  it('sets each element on a line and keeps a narrative as it is', () => {
    const div = '<div xmlns="http://www.w3.org/1999/xhtml"><div>a <b>b</b></div><div/> c</div>';
    const compact = `<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><text><status value="generated"/>${div}</text><active value="true"/></Patient>`;
    expect(prettyXml(compact).split('\n')).to.deep.equal([
      '<?xml version="1.0"?>',
      '<Patient xmlns="http://hl7.org/fhir">',
      '  <text>',
      '    <status value="generated"/>',
      `    ${div}`,
      '  </text>',
      '  <active value="true"/>',
      '</Patient>',
    ]);
  });
});

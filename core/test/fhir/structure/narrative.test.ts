import { expect } from 'chai';
import { narrativeFault } from '../../../src/fhir/structure/narrative.ts';

const div = (inside: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>`;

const right = {
  'plain text': div('a'),
  formatting: div('<p>a <b>b</b><br/> <i class="x" style="color: red">c</i></p><hr />'),
  'a table': div('<table border="1"><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
  links: div('<a href="https://a.b/c?d=e&amp;f">a</a><a name="x"></a><a href="#x">b</a><a href="Patient/1">c</a>'),
  'a style with a picture': div('<p style="background: url(data:image/png;base64,AAAA)">a</p>'),
  'an image': div('<img src="data:image/png;base64,AAAA" alt="x"/>'),
  'the characters of XML': div('&lt;&gt;&amp;&quot;&apos;&#160;&#x1F600;'),
  'a comment': div('<!-- a -->b'),
  'single quotation marks': "<div xmlns='http://www.w3.org/1999/xhtml' lang='de'>a</div>",
  'a div in a div': div('<div>a</div>'),
};

const wrong: Record<string, readonly [string, string]> = {
  text: ['a', 'one <div>'],
  nothing: ['', 'one <div>'],
  'another root': ['<p xmlns="http://www.w3.org/1999/xhtml">a</p>', 'one <div>'],
  'an element that begins as div does': ['<divx xmlns="http://www.w3.org/1999/xhtml">a</divx>', 'one <div>'],
  'two roots': [div('a') + div('b'), 'one <div>'],
  'text after it': [`${div('a')}b`, 'one <div>'],
  'a comment before it': [`<!-- a -->${div('a')}`, 'one <div>'],
  'no namespace': ['<div>a</div>', 'must begin with'],
  'another namespace': ['<div xmlns="urn:x">a</div>', 'namespace'],
  'nothing to read': [div('  <br/>'), 'say something'],
  'an empty div': ['<div xmlns="http://www.w3.org/1999/xhtml"/>', 'say something'],
  'a script': [div('<script>alert(1)</script>'), 'does not allow'],
  'a form': [div('<form action="x"><input/></form>'), 'does not allow'],
  'a frame': [div('<iframe src="x"></iframe>'), 'does not allow'],
  'an object': [div('<object data="x"></object>'), 'does not allow'],
  svg: [div('<svg></svg>'), 'does not allow'],
  'a style sheet': [div('<style>a</style>'), 'does not allow'],
  'an element in capitals': [div('<P>a</P>'), 'does not allow'],
  'an element with a prefix': [div('<x:p>a</x:p>'), 'does not allow'],
  'an event': [div('<p onmouseover="x">a</p>'), 'attribute'],
  'an event without its value': [div('<p onclick>a</p>'), 'well-formed'],
  'a script in a link': [div('<a href="javascript:alert(1)">a</a>'), 'run a program'],
  'a script in a link, disguised': [div('<a href=" java&#9;Script&#58;alert(1)">a</a>'), 'run a program'],
  'a page in a link': [div('<a href="data:text/html,x">a</a>'), 'run a program'],
  'a script in an image': [div('<img src="vbscript:x"/>'), 'run a program'],
  'a picture that can hold scripts': [div('<img src="data:image/svg+xml,x"/>'), 'run a program'],
  'a style that runs a script': [div('<p style="background: url(javascript:x)">a</p>'), 'style'],
  'a style that runs': [div('<p style="width: expression(x)">a</p>'), 'style'],
  'an entity of HTML': [div('a&nbsp;b'), 'other entities'],
  'a lone ampersand': [div('a & b'), 'other entities'],
  'a lone ampersand in an attribute': [div('<a href="a?b&c">a</a>'), 'other entities'],
  'a character that is none': [div('&#1;'), 'XML'],
  'half a surrogate': [div('&#xD800;'), 'XML'],
  'a document type': [`<!DOCTYPE div>${div('a')}`, 'one <div>'],
  'a document type inside': [div('<!DOCTYPE x>'), 'declarations'],
  CDATA: [div('<![CDATA[a]]>'), 'CDATA'],
  'a processing instruction': [div('<?php x ?>'), 'processing'],
  'tags that cross': [div('<b><i>a</b></i>'), 'close in the order'],
  'a tag that never closes': ['<div xmlns="http://www.w3.org/1999/xhtml"><p>a', 'never close'],
  'a tag cut off': ['<div xmlns="http://www.w3.org/1999/xhtml"', 'well-formed'],
  'a name cut off': ['<div', 'well-formed'],
  'an attribute cut off': ['<div xmlns="http', 'quotation marks'],
  'an attribute without quotation marks': [div('<p class=x>a</p>'), 'quotation marks'],
  'an attribute twice': [div('<p id="a" id="b">a</p>'), 'twice'],
  'attributes that touch': [div('<p id="a"class="b">a</p>'), 'well-formed'],
  'a < in an attribute': [div('<p title="<">a</p>'), 'write &lt;'],
  'a comment that is none': [div('<!-- a -- b -->c'), 'comment'],
  'a comment that never ends': [div('<!-- a'), 'comment'],
  'a very deep one': [div('<b>'.repeat(100) + 'a' + '</b>'.repeat(100)), 'nested'],
};

describe('a narrative', () => {
  for (const [what, text] of Object.entries(right))
    it(`may hold ${what}`, () => {
      expect(narrativeFault(text)).to.equal(undefined);
    });

  for (const [what, [text, expected]] of Object.entries(wrong))
    it(`may not be or hold ${what}`, () => {
      expect(narrativeFault(text)).to.contain(expected);
    });

  it('is read once from begin to end, however long it is', () => {
    const many = div('<p>a <b>b</b> c</p>'.repeat(100_000) + '&amp;'.repeat(100_000));
    const start = performance.now();
    expect(narrativeFault(many)).to.equal(undefined);
    expect(narrativeFault(many.slice(0, -1))).to.contain('');
    expect(performance.now() - start).to.be.lessThan(2_000);
  });
});

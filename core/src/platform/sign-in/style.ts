/** The look of the sign-in pages: the colours and measures of the portal, whose files the core may not know. */
export const styleSheet = `:root {
  color-scheme: light dark;
  --ink: light-dark(#17252a, #e6eef0);
  --soft: light-dark(#4a5b60, #a9bbc0);
  --paper: light-dark(#f5f8f8, #10191c);
  --card: light-dark(#ffffff, #18252a);
  --line: light-dark(#c9d5d7, #2f4348);
  --accent: light-dark(#0b5f6a, #6fd0dc);
  --on-accent: light-dark(#ffffff, #08262b);
  --fault: light-dark(#a3201d, #ff9b92);
  font: 16px/1.5 system-ui, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); }
header, main { max-width: 28rem; margin: 0 auto; padding: 1rem; }
header { padding-top: 2rem; }
h1 { margin: 0; font-size: 1.75rem; }
h2 { margin: 0 0 0.5rem; font-size: 1.125rem; }
h3 { margin: 1rem 0 0.25rem; font-size: 1rem; }
section { padding: 1.25rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--card); }
section p { margin: 0 0 0.75rem; }
form { display: grid; gap: 0.75rem; margin: 0 0 0.75rem; }
label { display: grid; gap: 0.25rem; color: var(--soft); font-size: 0.875rem; }
label.choice { display: flex; gap: 0.5rem; align-items: center; min-height: 44px; color: var(--ink); font-size: 1rem; }
input, select, button {
  min-height: 44px; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem;
  background: var(--paper); color: var(--ink); font: inherit;
}
input[type='radio'], input[type='checkbox'] { min-height: 1.25rem; min-width: 1.25rem; }
button { border-color: transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button.second { border-color: var(--line); background: none; color: var(--ink); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
code, ol { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
fieldset { margin: 0; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem; }
.fault { color: var(--fault); }
`;

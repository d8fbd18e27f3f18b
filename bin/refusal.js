/** Makes the errors that the launcher tells in words, without a stack; every other error keeps its own. */
const name = 'Refusal';

export const refusal = (message) => Object.assign(new Error(message), { name });

export const isRefusal = (thrown) => thrown instanceof Error && thrown.name === name;

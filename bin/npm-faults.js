/** Turns what npm printed when it failed into what happened and what to do; knows the faults as a list, guesses nothing. */

const faults = [
  {
    shows: /can only install (?:packages )?when your package\.json/,
    what: 'package.json and package-lock.json disagree',
    todo: 'Where the two were changed, run `npm install` and `npm run lock`, and commit both.',
  },
  { shows: /ENOSPC/, what: 'the disk is full', todo: 'Free about 1 GB and run the same command again.' },
  {
    shows: /EACCES|EPERM|EROFS/,
    what: 'this user may not write here',
    todo: "Make the folder writable for this user (npm's cache, `npm config get cache`, too), or run as the one who owns it.",
  },
  {
    shows:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT/,
    what: 'the package registry cannot be reached',
    todo: 'Check the network, and the proxy if there is one (`npm config get registry`, `npm config get proxy`); then run the same command again.',
  },
  {
    shows: /EINTEGRITY/,
    what: 'a package is not the one that package-lock.json names',
    todo: 'Empty the cache (`npm cache clean --force`) and run the same command again; if it stays, do not trust the registry.',
  },
  { shows: /code E40[13]/, what: 'the package registry refuses this user', todo: 'Sign in to it: `npm login`.' },
  {
    shows: /E404|ETARGET|npm left out/,
    what: 'the package registry did not give every package that package-lock.json names',
    todo: 'Run the same command again; if it stays, ask for another registry: `npm config get registry` tells which one this is.',
  },
  { shows: /spawn npm ENOENT/, what: 'npm is not there', todo: 'Install npm 10 or newer beside Node.' },
];

/** The first lines name the fault, the last ones often the cause. */
const [firstLines, lastLines] = [3, 9];

export const explain = (output, root) => {
  const { what, todo } = faults.find(({ shows }) => shows.test(output)) ?? {
    what: 'the reason is not one of the usual',
    todo: 'The last lines of npm may say it.',
  };
  const [told = ''] = output.split(/\nnpm error (?:Clean install a project|A complete log)/);
  const lines = told.split('\n').filter((line) => line.replace('npm error', '').trim() !== '');
  const shown =
    lines.length <= firstLines + lastLines ? lines : [...lines.slice(0, firstLines), '…', ...lines.slice(-lastLines)];
  return [`could not install packages into ${root}: ${what}.`, todo, ...shown.map((line) => `  | ${line}`)].join('\n');
};

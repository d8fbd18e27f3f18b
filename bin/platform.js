/** Tells whether a package made for some platforms fits this one, by npm's rules for `os`, `cpu` and `libc`. */
export const fits = ({ os, cpu, libc }) =>
  admits(os, process.platform) && admits(cpu, process.arch) && (libc === undefined || admits(libc, libcHere()));

const admits = (wanted, here) => {
  const names = [wanted ?? []].flat();
  const refused = names.filter((name) => name.startsWith('!'));
  return refused.length < names.length ? names.includes(here) : !refused.includes(`!${here}`);
};

const libcHere = () => (process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');

/** Files of the site, for a worker: each is asked for once, and what failed may be asked for again. */

/** A file of the site, from where the build has put what it made for us: the folder above. */
export async function file(path, kind) {
  const response = await fetch(new URL(`../${path}`, import.meta.url));
  if (!response.ok) throw new Error(`The file ${path} could not be loaded: the site answered ${response.status}.`);
  return response[kind]();
}

/** Makes each thing once; what failed is made again at the next call. */
export function once(make) {
  const made = new Map(); // name → promise
  return (name) => {
    if (!made.has(name)) made.set(name, make(name).catch((error) => (made.delete(name), Promise.reject(error))));
    return made.get(name);
  };
}

/** A module that failed may stay failed for this worker: it ends, and the next call begins another. */
export function broken(error) {
  setTimeout(() => {
    throw error;
  });
  return new Promise(() => {}); // whoever waits is told by engine.js
}

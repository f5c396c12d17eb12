/**
 * Files that come with the program, and its own entry points for threads and processes. Owns where they are: the
 * program runs from its sources, or built into `dist` (scripts/build.ts), whose chunks lie in that folder itself.
 */
const IS_BUILT = import.meta.url.endsWith(".js");
const ROOT = new URL(IS_BUILT ? "../" : "../../", import.meta.url);

/** The absolute path of `path`, which is relative to the package. */
export function packagedFile(path: string): string {
  return decodeURIComponent(new URL(path, ROOT).pathname);
}

/** The absolute path of an entry point, named as below `src` and without its extension: `store/sqlite/worker`. */
export function programModule(name: string): string {
  return packagedFile(IS_BUILT ? `dist/${name}.js` : `src/${name}.ts`);
}

/**
 * Builds the widgets into resources/chat and notes there which sources they were built from, so that a test without npm can
 * tell whether what is committed belongs together.
 */

import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../resources/chat");
const OUTPUTS = { "deskbell-chat.js": "src/main.ts", "deskbell-chat-xmpp.js": "src/main_xmpp.ts" };

/** Every file that has a say in what comes out, in a stable order. */
function sources(folder = here) {
  return readdirSync(folder)
    .filter((name) => name !== "node_modules")
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? sources(path) : [path];
    })
    .sort();
}

function digest() {
  const sum = createHash("sha256");
  const named = sources().map((path) => [relative(here, path).split(sep).join("/"), path]);
  for (const [name, path] of named.sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    sum.update(name + "\0" + createHash("sha256").update(readFileSync(path)).digest("hex") + "\n");
  }
  return sum.digest("hex");
}

const smallCss = {
  name: "small-css",
  setup(one) {
    one.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

mkdirSync(target, { recursive: true });
const outputs = {};
for (const [name, entry] of Object.entries(OUTPUTS)) {
  const made = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    write: false,
    plugins: [smallCss],
  });
  const bytes = Buffer.from(made.outputFiles[0].contents);
  writeFileSync(join(target, name), bytes);
  outputs[name] = createHash("sha256").update(bytes).digest("hex");
  console.log(name, bytes.length, "bytes,", gzipSync(bytes, { level: 9 }).length, "gz");
}
writeFileSync(join(target, "built.json"), JSON.stringify({ sources: digest(), outputs }, null, 2) + "\n");

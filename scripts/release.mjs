// Fetches the archive of a tool's release, and unpacks it only if it is the archive that we know.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";

/** How long to wait for the beginning of the answer, and then for the rest of it. */
const BEGIN_MS = 2_000;
const REST_MS = 60_000;

/** Unpacks the programs of an archive into a folder. Returns whether it did: the caller has another way. */
export async function fetchTool({ url, sha256 }, folder) {
  const archive = await fetched(url);
  if (!archive) return told(`nothing from ${new URL(url).host}`);
  if (createHash("sha256").update(archive).digest("hex") !== sha256) return told("not the archive that we know; it is not used");
  mkdirSync(folder, { recursive: true });
  const tar = spawnSync("tar", ["-xzf", "-", "--strip-components=1", "-C", folder], { input: archive });
  return tar.status === 0 || told("tar cannot unpack it");
}

async function fetched(url) {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), BEGIN_MS);
  try {
    const answer = await fetch(url, { signal: stop.signal });
    clearTimeout(timer);
    if (!answer.ok) return undefined;
    timer = setTimeout(() => stop.abort(), REST_MS);
    return Buffer.from(await answer.arrayBuffer());
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function told(why) {
  console.log(`  ${why}`);
  return false;
}

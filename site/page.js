// What the page does with JavaScript. Without it the page is complete, but sends nothing.

import { startMark, startSearch } from "./contents.js";
import { startLive } from "./live.js";
import { startPrograms } from "./programs.js";
import { startSenders } from "./sender.js";
import { startCredentials } from "./service.js";

// One at a time, so that the page answers a visitor in between. The search is first: a visitor may press its key at once.
for (const start of [startSearch, startCredentials, startPrograms, startMark, startSenders, startLive]) {
  start();
  await new Promise((next) => setTimeout(next));
}

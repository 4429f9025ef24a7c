// What the page does with JavaScript. Without it the page is complete, but sends nothing.

import { startContents } from "./contents.js";
import { startLive } from "./live.js";
import { startPrograms } from "./programs.js";
import { startSenders } from "./sender.js";
import { startCredentials } from "./service.js";

// One at a time, so that the page answers a visitor in between.
for (const start of [startCredentials, startPrograms, startContents, startSenders, startLive]) {
  start();
  await new Promise((next) => setTimeout(next));
}

// What the page does with JavaScript. Without it the page is complete, but sends nothing.

import { startContents } from "./contents.js";
import { startLive } from "./live.js";
import { startPrograms } from "./programs.js";
import { startSenders } from "./sender.js";
import { startCredentials } from "./service.js";

startPrograms();
startCredentials();
startContents();
startSenders();
startLive();

// @ts-check
// Starts the lobby's page for people who are not signed in. Must only start the parts of the page.

import { openLobby } from "./lobby/open-lobby.js";

openLobby();

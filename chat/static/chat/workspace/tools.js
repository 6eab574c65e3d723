// @ts-check
// The tools of the workspace, in one module that loads when the server has sent the rooms, or earlier if the person asks for
// a tool.
// Only late-tools.js may load it, with `import()`.

export { Panel } from "../finding/panel.js";
export { openCreateRoomDialog } from "./create-room-dialog.js";
export { sortFavourites } from "./favourite-sorting.js";
export { openHelpSheet } from "./help-sheet.js";
export { openNewDirectDialog } from "./new-direct-dialog.js";
export { Notifications } from "./notifications.js";
export { openPalette } from "./palette.js";
export { openPlaceMenu } from "./place-menu.js";
export { openRoomDetails } from "./room-details.js";
export { openRoomSettings } from "./room-settings.js";
export { ThreadPanel } from "./thread-panel.js";

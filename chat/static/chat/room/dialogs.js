// @ts-check
// The dialogs and the other parts of a room that load after the messages, in one module.
// Only late-dialogs.js may load it, with `import()`.

export { Commands } from "./commands.js";
export { ComposerTools } from "./composer-tools.js";
export { openDateDialog } from "./date-dialog.js";
export { openEditHistory } from "./edit-history.js";
export { openExportDialog } from "./export-dialog.js";
export { openFormattingHelp } from "./formatting-help.js";
export { openEmojiPicker } from "./late-emoji.js";
export { openHooks } from "./hooks-dialog.js";
export { openInvitations } from "./invitations.js";
export { openLeaveDialog } from "./leave-dialog.js";
export { LongPress } from "./long-press.js";
export { Members } from "./members.js";
export { copyMessage, openMessageSheet } from "./message-sheet.js";
export { ModerationDialog } from "./moderation-dialog.js";
export { openPersonCard } from "./person-card.js";
export { PersonDialog } from "./person-dialog.js";
export { openPollDialog } from "./poll-dialog.js";
export { removePart } from "./part-removal.js";
export { ReactorsTip } from "./reactors-tip.js";
export { openRemindDialog } from "./remind-dialog.js";
export { openReportDialog } from "./report-dialog.js";
export { ScheduleDialog } from "./schedule-dialog.js";
export { ThreadView } from "./thread-view.js";
export { openViewer } from "./viewer.js";
export { openVoters } from "./voters-dialog.js";

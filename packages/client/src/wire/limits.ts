/*
 * What a server accepts unless it is configured otherwise (PROTOCOL.md 3.2, 3.4). Whatever is beyond would cost the connection, so it
 * is refused here, where it can be said what was too much.
 */

/** The longest frame, in bytes of UTF-8. */
export const FRAME_BYTES_MAX = 1_048_576;

/** The most fields of one object. */
export const FIELDS_MAX = 1_000;

/** How deep parameters may nest: 64 levels of JSON less the message, its parameters, and the form of the innermost value. */
export const PARAMETER_DEPTH_MAX = 60;

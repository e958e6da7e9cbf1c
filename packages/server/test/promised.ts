import { schemaCompiler, SERVER_MESSAGES } from "@geode/protocol";

const compiler = schemaCompiler();
const shapes = new Map(
  Object.entries(SERVER_MESSAGES).map(([type, schemas]) => [
    type,
    schemas.map((schema) => compiler.compile(schema)),
  ]),
);

/** The frame, if it is a message that the protocol promises; throws otherwise. */
export function promised(frame: Record<string, unknown>): Record<string, unknown> {
  const fits = shapes.get(String(frame["type"])) ?? [];
  // A RESULT with `live` has to have all of a live one.
  const wanted = frame["live"] === true ? fits.slice(0, 1) : fits;
  if (!wanted.some((fit) => fit(frame))) {
    throw new Error(`not a message of the protocol: ${JSON.stringify(frame).slice(0, 500)}`);
  }
  return frame;
}

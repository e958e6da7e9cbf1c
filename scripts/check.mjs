// Types, type-aware lint with the import directions as rules, format, dead code.
import { commands, run } from "./node.mjs";

run("types", commands.tsc, ["-b", "--force"]);
run("lint", commands.oxlint, ["--type-aware", "--max-warnings=0"]);
run("format", commands.oxfmt, ["--check", "."]);
run("dead code", commands.knip, []);

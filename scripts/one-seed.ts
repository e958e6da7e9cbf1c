import fc from "fast-check";

/*
 * Random tests play the same games everywhere, so that a run that failed fails again, and one that passed says the same on every machine.
 * FC_SEED plays others.
 */
const seed = process.env["FC_SEED"];
fc.configureGlobal({ seed: seed === undefined ? 1 : Number(seed) });

// Finds a program that tests run; installs Debian's through apt when it is missing and we may.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Answers its path, or ends the process and says what to do. `paths` may have holes. */
export function ensureProgram({ name, purpose, paths, debianPackage, elsewhere }) {
  const found = () => paths.find((path) => path !== undefined && existsSync(path));
  const already = found();
  if (already) return already;
  const mayInstall =
    process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (mayInstall) {
    console.log(`▸ installing ${name} for ${purpose} (apt-get install ${debianPackage})`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [
      ["update", "-q"],
      ["install", "-y", "-q", "--no-install-recommends", debianPackage],
    ]) {
      const result = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
      if (result.status !== 0) break;
    }
    const installed = found();
    if (installed) return installed;
  }
  console.error(`${name} is missing, for ${purpose}.`);
  console.error(`  Debian, Ubuntu:  sudo apt-get install ${debianPackage}`);
  console.error(`  elsewhere:       ${elsewhere}`);
  process.exit(1);
}

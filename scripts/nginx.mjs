import { ensureProgram } from "./program.mjs";

export function ensureNginx() {
  return ensureProgram({
    name: "nginx",
    purpose: "the proxy tests",
    paths: [
      process.env.GEODE_NGINX,
      "/usr/sbin/nginx",
      "/usr/local/bin/nginx",
      "/opt/homebrew/bin/nginx",
    ],
    debianPackage: "nginx-light",
    elsewhere: "install nginx and set GEODE_NGINX to its path",
  });
}
